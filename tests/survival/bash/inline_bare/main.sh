#!/usr/bin/env bash
OPENAI_API_KEY={openai.project} \
  bash child.sh
