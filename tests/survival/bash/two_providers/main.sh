#!/usr/bin/env bash
OPENAI_API_KEY="{openai.project}"
ANTHROPIC_API_KEY='{anthropic.api}'
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "x-api-key: $ANTHROPIC_API_KEY"
