#!/usr/bin/env bash
payload() {
  cat <<JSON
{"auth": "Bearer {openai.project}", "n": ${#}}
JSON
}
auth=$(payload one two | sed 's/.*"auth": "\([^"]*\)".*/\1/')
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: $auth"
