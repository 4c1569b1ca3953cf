#!/usr/bin/env bash
set -a; source "$(dirname "${BASH_SOURCE[0]}")/.env"; set +a
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
