#!/usr/bin/env bash
options=(-s)
options+=(-H "Authorization: Bearer {openai.project}")
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" "${options[@]}"
