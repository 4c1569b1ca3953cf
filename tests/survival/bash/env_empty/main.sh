#!/usr/bin/env bash
env -i PATH="$PATH" STANDIN_URL="$STANDIN_URL" OPENAI_API_KEY={openai.project} bash child.sh
