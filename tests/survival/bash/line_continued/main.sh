#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer {openai.project}" \
  -d '{
    "model": "gpt-4o",
    "input": "it'"'"'s a tree"
  }'
