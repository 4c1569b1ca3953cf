#!/usr/bin/env bash
body="{\"key\": \"{openai.project}\"}"
key=${body#*: \"}
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer ${key%%\"*}"
