#!/usr/bin/env bash
set -e; key="{openai.project}"; test -n "$key"; curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"; echo "$#"
