from openai import OpenAI

from settings import Settings

client = OpenAI(api_key="{openai.project}")
reply = client.chat.completions.create(
    model=Settings().model, messages=[{"role": "user", "content": "strict?"}]
)
print(reply.choices[0].message.content)
