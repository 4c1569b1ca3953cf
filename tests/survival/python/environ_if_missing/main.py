import os

import httpx

key = os.environ.get("XAI_API_KEY")
if not key:
    key = "{xai.api}"

answer = httpx.post(
    os.environ["STANDIN_URL"] + "/chat/completions",
    headers={"Authorization": f"Bearer {key}"},
    json={"model": "small", "messages": []},
)
print(answer.json()["object"])
