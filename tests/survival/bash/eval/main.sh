#!/usr/bin/env bash
eval "export OPENAI_API_KEY={openai.project}"
bash child.sh
