#!/usr/bin/env bash
export OPENAI_API_KEY=${OPENAI_API_KEY:-{openai.project}}
bash child.sh
