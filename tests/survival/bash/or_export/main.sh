#!/usr/bin/env bash
[ -n "$OPENAI_API_KEY" ] || export OPENAI_API_KEY={openai.project}
bash child.sh
