#!/usr/bin/env bash
OPENAI_API_KEY="{openai.project:..20}"'{openai.project:20..}'
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"
