#!/usr/bin/env bash
set -e
key="$(printf '%s' "{openai.project}" | tr -d '\n')"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
