#!/usr/bin/env bash
( export OPENAI_API_KEY='{openai.project}'; bash child.sh )
echo "${OPENAI_API_KEY:+set}" > /dev/null
