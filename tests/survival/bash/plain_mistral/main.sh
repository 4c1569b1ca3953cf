#!/usr/bin/env bash
MISTRAL_API_KEY="{mistral.api}"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $MISTRAL_API_KEY"
