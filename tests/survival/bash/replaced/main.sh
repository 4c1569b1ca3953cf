#!/usr/bin/env bash
template='Authorization: Bearer @KEY@'
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "${template/@KEY@/{openai.project}}"
