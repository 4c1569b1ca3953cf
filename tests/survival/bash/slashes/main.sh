#!/usr/bin/env bash
url="$STANDIN_URL/models?key={google-gemini.standard}&alt=json"
key=${url##*key=}
curl -sS -o /dev/null -w '%{http_code}\n' "$url" -H "x-goog-api-key: ${key%%&*}"
