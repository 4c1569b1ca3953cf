#!/usr/bin/env bash
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
cat > "$dir/curl.conf" <<EOF
header = "Authorization: Bearer {openai.project}"
header = "X-Mode: $((1 + 1))"
EOF
curl -sS -o /dev/null -w '%{http_code}\n' "$STANDIN_URL/models" -K "$dir/curl.conf"
