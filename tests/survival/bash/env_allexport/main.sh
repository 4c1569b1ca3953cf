#!/usr/bin/env bash
set -o allexport
source .env
set +o allexport
export OPENAI_API_KEY="{openai.project}"
echo "$MODE"
bash child.sh
