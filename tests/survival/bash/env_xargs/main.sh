#!/usr/bin/env bash
export $(grep -v '^#' .env | xargs)
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
