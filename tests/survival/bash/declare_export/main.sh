#!/usr/bin/env bash
set -u
declare -x OPENAI_API_KEY="{openai.project}"
bash child.sh
