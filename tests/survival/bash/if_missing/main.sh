#!/usr/bin/env bash
set -u
if [[ -z "${OPENAI_API_KEY:-}" ]]; then
  export OPENAI_API_KEY="{openai.project}"
fi
bash child.sh
