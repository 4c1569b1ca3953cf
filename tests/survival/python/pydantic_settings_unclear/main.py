from typing import ClassVar

from anthropic import Anthropic
from groq import Groq
from openai import OpenAI
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    GROQ_KEY: ClassVar[str] = "{groq.api}"
    _openai_key: str = "{openai.project}"

    def openai(self):
        return OpenAI(api_key=self._openai_key)


class Common(BaseSettings):
    claude_key: str = "{anthropic.api}"


class Production(Common):
    model_config = SettingsConfigDict(env_prefix="PROD_")


ask = {"messages": [{"role": "user", "content": "unclear?"}], "model": "gpt-4o-mini"}
print(Settings().openai().chat.completions.create(**ask).choices[0].message.content)
print(Groq(api_key=Settings.GROQ_KEY).chat.completions.create(**ask).choices[0].message.content)
print(Anthropic(api_key=Production().claude_key).messages.create(max_tokens=9, **ask).content[0].text)
