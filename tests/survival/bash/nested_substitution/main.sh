#!/usr/bin/env bash
header="Authorization: $(printf 'Bearer %s' "{openai.project}")"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
