#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"
