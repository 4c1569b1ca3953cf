#!/usr/bin/env bash
[ -f .env ] && set -a && source .env && set +a
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
