#!/usr/bin/env bash
set -a
OPENAI_API_KEY="{openai.project}"
set +a
bash child.sh
