#!/usr/bin/env bash
key={openai.project}
if [[ $key == {openai.project} ]]; then
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
fi
