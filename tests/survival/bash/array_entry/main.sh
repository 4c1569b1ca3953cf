#!/usr/bin/env bash
declare -A keys
keys[openai]={openai.project}
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer ${keys[openai]}"
