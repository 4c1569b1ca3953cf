#!/usr/bin/env bash
export $(cat .env)
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
