#!/usr/bin/env bash
set -u
header="Authorization: "
header+="Bearer {openai.project}"
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "$header"
