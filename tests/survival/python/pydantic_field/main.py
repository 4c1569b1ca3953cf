from groq import Groq
from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    groq_api_key: str = Field(default="{groq.api}", repr=False)
    max_tokens: int = Field(default=16, gt=0)


settings = Settings()
client = Groq(api_key=settings.groq_api_key)
reply = client.chat.completions.create(
    model="llama-small", max_tokens=settings.max_tokens, messages=[{"role": "user", "content": "field?"}]
)
print(reply.choices[0].message.content)
