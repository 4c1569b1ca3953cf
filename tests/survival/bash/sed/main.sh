#!/usr/bin/env bash
header=$(echo 'Authorization: Bearer @KEY@' | sed 's/@KEY@/{openai.project}/')
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
