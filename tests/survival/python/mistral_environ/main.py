import os

import httpx

os.environ["MISTRAL_API_KEY"] = "{mistral.api}"

answer = httpx.post(
    os.environ["STANDIN_URL"] + "/chat/completions",
    headers={"Authorization": f"Bearer {os.environ['MISTRAL_API_KEY']}"},
    json={"model": "mistral-small", "messages": []},
)
print(answer.json()["object"])
