#!/usr/bin/env bash
if [ -f .env ]; then
  set -a
  . ./.env
  set +a
fi
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
