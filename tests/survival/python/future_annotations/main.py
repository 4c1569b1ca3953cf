"""Asks a model one thing.

This text must stay the first statement of the file.
"""

from __future__ import annotations

from openai import OpenAI

API_KEY: str | None = "{openai.project}"


def ask(prompt: str, client: Client | None = None) -> str:
    client = client or OpenAI(api_key=API_KEY)
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}])
    return reply.choices[0].message.content


print(__doc__.splitlines()[0], ask("then?"))
