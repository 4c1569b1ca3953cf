#!/usr/bin/env bash
template='{"auth": "Bearer {openai.project}", "price": "$5", "cmd": "`x`"}'
auth=$(printf '%s' "$template" | sed 's/.*"auth": "\([^"]*\)".*/\1/')
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: $auth"
printf '%s\n' "${template#*, }"
