#!/usr/bin/env bash
export OPENAI_API_KEY={openai.project}
bash child.sh
unset OPENAI_API_KEY
echo "${OPENAI_API_KEY:-gone}"
