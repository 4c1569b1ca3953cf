#!/usr/bin/env bash
scheme=Bearer
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: $scheme {openai.project}"
