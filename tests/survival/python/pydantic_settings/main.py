from openai import OpenAI
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    openai_api_key: SecretStr = SecretStr("{openai.project}")
    openai_model: str = "gpt-4o-mini"


settings = Settings()
client = OpenAI(api_key=settings.openai_api_key.get_secret_value())
reply = client.chat.completions.create(
    model=settings.openai_model, messages=[{"role": "user", "content": "settings?"}]
)
print(reply.choices[0].message.content)
