#!/usr/bin/env bash
export OPENAI_API_KEY="{openai.project}" MODE=dev
bash child.sh
echo "$MODE"
