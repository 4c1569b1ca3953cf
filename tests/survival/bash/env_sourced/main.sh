#!/usr/bin/env bash
set -euo pipefail
set -a
source .env
set +a
echo "$MODE"
OPENAI_API_KEY="{openai.project}"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"
