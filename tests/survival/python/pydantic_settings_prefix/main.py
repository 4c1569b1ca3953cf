from anthropic import Anthropic
from groq import Groq
from openai import OpenAI
from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """All of it."""

    class Config:
        env_file = (".env", ".env.local")
        env_prefix = "app_"

    openai_api_key: str = "{openai.project}"
    groq: SecretStr = Field(SecretStr("{groq.api}"), validation_alias=AliasChoices("GROQ_KEY", "GROQ"))
    claude: str = Field(default="{anthropic.api}", alias="CLAUDE_KEY", min_length=8)
    model: str = "gpt-4o-mini"


settings = Settings()
ask = {"messages": [{"role": "user", "content": "prefix?"}], "model": settings.model}
print(OpenAI(api_key=settings.openai_api_key).chat.completions.create(**ask).choices[0].message.content)
print(Groq(api_key=settings.groq.get_secret_value()).chat.completions.create(**ask).choices[0].message.content)
print(Anthropic(api_key=settings.claude).messages.create(max_tokens=9, **ask).content[0].text)
