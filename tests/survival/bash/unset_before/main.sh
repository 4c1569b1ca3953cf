#!/usr/bin/env bash
unset OPENAI_API_KEY
OPENAI_API_KEY={openai.project}
export OPENAI_API_KEY
bash child.sh
