import sys

import httpx

headers = [(b"Accept", b"application/json"), (b"Authorization", b"Bearer {groq.api}")]
answer = httpx.post(sys.argv[1] + "/chat/completions", headers=headers, json={"messages": []})
print(answer.status_code)
