#!/usr/bin/env bash
set -euo pipefail
ask() {
  local key="{openai.project}" path=$1
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
  echo "$path"
}
ask tree
