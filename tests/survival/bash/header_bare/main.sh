#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H x-api-key:{anthropic.api} -H accept:text/plain
