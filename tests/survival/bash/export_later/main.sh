#!/usr/bin/env bash
OPENAI_API_KEY={openai.project}
export OPENAI_API_KEY
bash child.sh
