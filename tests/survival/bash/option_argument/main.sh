#!/usr/bin/env bash
set -euo pipefail
main() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --api-key) key=$2; shift 2 ;;
      *) shift ;;
    esac
  done
  curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer $key"
}
main --fast --api-key {openai.project}
