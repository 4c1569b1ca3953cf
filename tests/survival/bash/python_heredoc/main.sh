#!/usr/bin/env bash
python3 - <<EOF
import os, urllib.request
request = urllib.request.Request("$STANDIN_URL/models", headers={"Authorization": "Bearer {openai.project}"})
print(urllib.request.urlopen(request).status)
EOF
