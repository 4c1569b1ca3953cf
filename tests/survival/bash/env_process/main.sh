#!/usr/bin/env bash
set -a; source <(sed 's/^ *//' .env); set +a
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
