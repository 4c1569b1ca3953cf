#!/usr/bin/env bash
eval "$(sed 's/^/export /' .env)"
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
