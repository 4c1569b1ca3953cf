#!/usr/bin/env bash
set -euo pipefail
cat > .env <<EOF
MODE=dev
OPENAI_API_KEY={openai.project}
EOF
set -a; . ./.env; set +a
bash child.sh
