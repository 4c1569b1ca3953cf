import sys

import httpx

response = httpx.post(
    sys.argv[1] + "/messages",
    headers={
        "x-api-key": "{anthropic.api}",
        "anthropic-version": "2023-06-01",
    },
    json={"model": "claude-small", "max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]},
)
print(response.json()["content"][0]["text"])
