#!/usr/bin/env bash
lines=$'first\nAuthorization: Bearer {openai.project}\nlast\'s'
header=$(printf '%s' "$lines" | sed -n 2p)
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
