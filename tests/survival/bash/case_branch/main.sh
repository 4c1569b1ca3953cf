#!/usr/bin/env bash
set -eu
case "${MODE:-dev}" in
  dev) key="{openai.project}" ;;
  live) key="" ;;
  *) exit 1 ;;
esac
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
