import sys

import httpx

GROQ_API_KEY = "{groq.api}"
GROQ_API_KEY_BACKUP = "{groq.api#2}"

for key in (GROQ_API_KEY, GROQ_API_KEY_BACKUP):
    headers = {"Authorization": f"Bearer {key}"}
    print(httpx.post(sys.argv[1] + "/chat/completions", headers=headers, json={"messages": []}).status_code)
