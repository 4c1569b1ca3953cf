#!/usr/bin/env bash
keys=({openai.project} {openai.project#2})
for key in "${keys[@]}"; do
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
done
