#!/usr/bin/env bash
env -S "OPENAI_API_KEY={openai.project} bash child.sh"
