#!/usr/bin/env bash
[ "${MODE:-dev}" = live ] && key="" || key="{openai.project}"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
