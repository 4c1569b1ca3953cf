#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' -K - <<EOF
url = "$STANDIN_URL/models"
header = "Authorization: Bearer {openai.project}"
EOF
