#!/usr/bin/env bash
declare -A keys=([openai]="{openai.project}" [groq]='{groq.api}')
for name in groq openai; do
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer ${keys[$name]}"
done
