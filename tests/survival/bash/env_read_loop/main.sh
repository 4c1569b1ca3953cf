#!/usr/bin/env bash
while IFS= read -r line; do
  export "$line"
done < .env
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
