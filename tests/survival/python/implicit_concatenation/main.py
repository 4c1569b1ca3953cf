import sys

import httpx

headers = {
    "Authorization": (
        "Bearer "
        "{openrouter.api}"
    ),
}
print(httpx.post(sys.argv[1] + "/chat/completions", headers=headers, json={"messages": []}).status_code)
