#!/usr/bin/env bash
echo "OPENAI_API_KEY={openai.project}" >> settings.txt
set -a; . ./settings.txt; set +a
rm settings.txt
bash child.sh
