#!/usr/bin/env bash
bash -c "curl -sS -o /dev/null -H 'Authorization: Bearer {openai.project}' $STANDIN_URL/models"
echo done
