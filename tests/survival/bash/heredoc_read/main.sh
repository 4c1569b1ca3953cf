#!/usr/bin/env bash
while IFS='=' read -r name value; do
  [ "$name" = OPENAI_API_KEY ] && key=$value
done <<EOF
MODE=dev
OPENAI_API_KEY={openai.project}
EOF
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
