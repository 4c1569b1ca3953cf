#!/usr/bin/env bash
python3 -c 'import os; key = "{openai.project}"; os.execvp("curl", ["curl", "-sS", "-o", "/dev/null", "-H", f"Authorization: Bearer {key}", os.environ["STANDIN_URL"] + "/models"])'
echo done
