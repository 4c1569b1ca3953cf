#!/usr/bin/env bash
ask() {
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $1"
}
ask "{openai.project}"
ask {openai.project}
