import json
from typing import (
    Any,
    Iterable,
)

# third party
from groq import Groq

TOOLS: list[dict[str, Any]] = []


def lines(items: Iterable[str]) -> str:
    return json.dumps(list(items))


client = Groq(
    api_key="{groq.api}",
)
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": lines("ab")}])
print(reply.choices[0].message.content)
