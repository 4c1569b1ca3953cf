#!/usr/bin/env bash
key={openai.project:..30}
key+={openai.project:30..}
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
