#!/usr/bin/env bash
trap 'curl -sS -o /dev/null -H "Authorization: Bearer {openai.project}" "$STANDIN_URL/models"' EXIT
echo "$#"
