#!/usr/bin/env bash
export GROQ_API_KEY={groq.api}
name=GROQ_API_KEY
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer ${!name}"
