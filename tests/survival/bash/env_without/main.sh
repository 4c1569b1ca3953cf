#!/usr/bin/env bash
export OPENAI_API_KEY={openai.project}
bash child.sh
env -u OPENAI_API_KEY bash -c 'echo "${OPENAI_API_KEY:-gone}"'
