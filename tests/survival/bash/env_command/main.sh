#!/usr/bin/env bash
env OPENAI_API_KEY={openai.project} bash child.sh
