import sys

import requests

session = requests.Session()
session.headers.update({"api-key": "{azure-openai.cask}", "Content-Type": "application/json"})

url = f"{sys.argv[1]}/openai/deployments/mini/chat/completions"
answer = session.post(url, json={"messages": [{"role": "user", "content": "hi"}]}, timeout=20)
print(answer.json()["choices"][0]["message"]["content"])
