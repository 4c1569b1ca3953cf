#!/usr/bin/env bash
source <(echo "export OPENAI_API_KEY={openai.project}")
bash child.sh
