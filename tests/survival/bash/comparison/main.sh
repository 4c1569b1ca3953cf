#!/usr/bin/env bash
set -- "{openai.project}"
if [[ "$1" == "{openai.project}" && $# -eq 1 ]]; then
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $1"
fi
