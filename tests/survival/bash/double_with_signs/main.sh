#!/usr/bin/env bash
note="cost: \$5, \`x\`, \"y\", key {openai.project}!"
key=${note##*key }
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -H "Authorization: Bearer ${key%!}"
echo "${note%%key*}"
