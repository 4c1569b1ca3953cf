#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H 'Authorization: Bearer {openai.project}' -H 'X-Price: $5 "net"'
sh -c 'curl -sS -o /dev/null -H "Authorization: Bearer {openai.project}" "$0/models"' "$STANDIN_URL"
