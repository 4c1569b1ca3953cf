#!/usr/bin/env bash
set -euo pipefail
read -r key <<< "{openai.project}"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
