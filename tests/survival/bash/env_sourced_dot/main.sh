#!/usr/bin/env bash
. ./.env
export OPENAI_API_KEY={openai.project}
bash child.sh
