#!/usr/bin/env bash
curl -sS -o /dev/null -w '%{http_code}\n' -K - "$STANDIN_URL/models" <<'EOF'
header = "Authorization: Bearer {openai.project}"
EOF
