#!/usr/bin/env bash
header=$(printf 'Authorization: Bearer KEY\nother\n' | sed -n -e 's/KEY$/{openai.project}/p')
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
