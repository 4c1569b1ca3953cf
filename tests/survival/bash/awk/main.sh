#!/usr/bin/env bash
header=$(awk 'BEGIN { n = 1; print "Authorization: Bearer {openai.project}" }')
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
