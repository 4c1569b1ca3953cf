#!/usr/bin/env bash
for key in {openai.project} {groq.api}; do
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
done
