import sys
from dataclasses import dataclass

import requests


@dataclass(repr=False)
class Settings:
    base_url: str
    api_key: str = "{openrouter.api}"
    model: str = "small/model"


def ask(settings: Settings, prompt: str) -> str:
    answer = requests.post(
        f"{settings.base_url}/chat/completions",
        headers={"Authorization": f"Bearer {settings.api_key}", "X-Title": "demo"},
        json={"model": settings.model, "messages": [{"role": "user", "content": prompt}]},
        timeout=20,
    )
    return answer.json()["choices"][0]["message"]["content"]


print(ask(Settings(sys.argv[1]), "Pick a colour"))
