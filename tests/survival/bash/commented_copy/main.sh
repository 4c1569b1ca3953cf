#!/usr/bin/env bash
# export OPENAI_API_KEY={openai.project}
export OPENAI_API_KEY="{openai.project}"   # mine
bash child.sh
