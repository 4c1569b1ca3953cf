from dataclasses import dataclass, field

from groq import Groq


@dataclass
class Config:
    model: str = "llama-small"
    api_key: str = field(default="{groq.api}", repr=False)
    stop: list[str] = field(default_factory=list)


config = Config()
client = Groq(api_key=config.api_key)
reply = client.chat.completions.create(model=config.model, messages=[{"role": "user", "content": "hi"}])
print(reply.choices[0].finish_reason)
