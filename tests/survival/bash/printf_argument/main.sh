#!/usr/bin/env bash
printf 'header = "Authorization: Bearer %s"\n' "{openai.project}" |
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -K -
