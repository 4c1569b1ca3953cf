from anthropic import Anthropic
from openai import OpenAI

PROVIDERS = {
    "openai": {
        "model": "gpt-4o-mini",
        "auth": {"api_key": "{openai.project}"},
    },
    "anthropic": {
        "model": "claude-small",
        "auth": {"api_key": "{anthropic.api}"},
    },
}


def ask(name: str, prompt: str) -> str:
    config = PROVIDERS[name]
    messages = [{"role": "user", "content": prompt}]
    if name == "openai":
        reply = OpenAI(**config["auth"]).chat.completions.create(model=config["model"], messages=messages)
        return reply.choices[0].message.content
    reply = Anthropic(**config["auth"]).messages.create(model=config["model"], max_tokens=16, messages=messages)
    return reply.content[0].text


for provider in PROVIDERS:
    print(provider, ask(provider, "Who are you?"))
