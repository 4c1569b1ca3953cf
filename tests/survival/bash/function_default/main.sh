#!/usr/bin/env bash
ask() {
  local key=${1:-{openai.project}}
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
}
ask
