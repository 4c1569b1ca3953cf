#!/usr/bin/env bash
bash <<EOF
key="{openai.project}"
curl -sS -o /dev/null -H "Authorization: Bearer \$key" "$STANDIN_URL/models"
EOF
echo done
