from typing import Final

from openai import OpenAI

OPENAI_API_KEY: Final[str] = "{openai.project}"
RETRIES: Final[int] = 0

client: OpenAI = OpenAI(api_key=OPENAI_API_KEY, max_retries=RETRIES)
print(len(client.models.list().data))
