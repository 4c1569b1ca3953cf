#!/usr/bin/env bash
test_call() {
  run_key="{openai.project}"
  [[ -n "$run_key" && "$run_key" != "" ]]
}
test_call && curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $run_key"
