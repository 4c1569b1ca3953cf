#!/usr/bin/env bash
call() {
  local OPENAI_API_KEY="{openai.project}"
  export OPENAI_API_KEY
  bash child.sh
}
call
