#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/messages" \
  -H 'x-api-key: {anthropic.api}' \
  -H 'content-type: application/json' \
  -d '{"model": "claude", "max_tokens": 16, "messages": [{"role": "user", "content": "Name a tree"}]}'
