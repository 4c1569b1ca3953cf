import itertools
import sys

import httpx

KEYS = [
    "{groq.api}",
    "{cerebras.api}",
]

turn = itertools.cycle(KEYS)
for prompt in ("one", "two"):
    answer = httpx.post(
        sys.argv[1] + "/chat/completions",
        headers={"Authorization": "Bearer " + next(turn)},
        json={"messages": [{"role": "user", "content": prompt}]},
    )
    print(answer.status_code)
