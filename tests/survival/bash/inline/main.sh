#!/usr/bin/env bash
OPENAI_API_KEY="{openai.project}" MODE=dev bash child.sh
echo "${MODE:-none}"
