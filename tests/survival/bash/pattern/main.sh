#!/usr/bin/env bash
key=$1
case "{openai.project}" in
  sk-*) key="{openai.project}" ;;
  *) exit 2 ;;
esac
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
