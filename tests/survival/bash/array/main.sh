#!/usr/bin/env bash
set -euo pipefail
headers=(-H "Authorization: Bearer {openai.project}" -H "Accept: application/json")
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" "${headers[@]}"
