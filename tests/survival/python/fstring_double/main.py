import sys

import requests

answer = requests.post(
    sys.argv[1] + "/chat/completions",
    headers={"Authorization": f"Bearer {groq.api}"},
    json={"messages": []},
    timeout=20,
)
print(answer.ok)
