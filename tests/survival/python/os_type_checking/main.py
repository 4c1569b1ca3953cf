from __future__ import annotations

from typing import TYPE_CHECKING

from groq import Groq

if TYPE_CHECKING:
    import os


def label(path: os.PathLike[str]) -> str:
    return str(path)


client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": label("x")}])
print(reply.choices[0].message.content)
