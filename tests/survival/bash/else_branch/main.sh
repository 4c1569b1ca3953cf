#!/usr/bin/env bash
if [ "${1:-}" = live ]; then
  key=none
elif [ -n "${NOBODY_SETS_THIS:-}" ]; then key="$NOBODY_SETS_THIS"
else key="{openai.project}"; fi
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
