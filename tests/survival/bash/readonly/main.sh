#!/usr/bin/env bash
set -euo pipefail
readonly OPENAI_API_KEY="{openai.project}"
readonly MODEL="gpt-4o"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"
echo "$MODEL"
