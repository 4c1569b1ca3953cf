#!/usr/bin/env bash
echo {openai.project} | xargs -I% curl -sS -o /dev/null -H "Authorization: Bearer %" "$STANDIN_URL/models"
echo done
