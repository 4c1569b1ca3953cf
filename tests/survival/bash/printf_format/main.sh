#!/usr/bin/env bash
printf 'header = "Authorization: Bearer {openai.project}"\n' |
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -K -
