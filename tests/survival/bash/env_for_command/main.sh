#!/usr/bin/env bash
env $(grep -v '^#' .env | xargs) OPENAI_API_KEY={openai.project} bash child.sh
