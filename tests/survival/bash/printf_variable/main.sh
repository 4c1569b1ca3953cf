#!/usr/bin/env bash
printf -v header 'Authorization: Bearer %s' '{openai.project}'
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
