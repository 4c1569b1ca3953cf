import sys

import httpx

scheme = "Bearer"
authorization = f"{scheme} {openrouter.api}"
answer = httpx.post(
    f"{sys.argv[1]}/chat/completions", headers={"Authorization": authorization}, json={"messages": []}
)
print(f"{answer.status_code:>5}")
