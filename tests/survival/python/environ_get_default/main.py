import os

import requests

HF_TOKEN = os.environ.get("HF_TOKEN", "{huggingface.user}")
BASE = os.environ["STANDIN_URL"]

answer = requests.post(
    f"{BASE}/models/tiny",
    headers={"Authorization": f"Bearer {HF_TOKEN}"},
    json={"inputs": "The answer is"},
    timeout=20,
)
print(answer.status_code)
