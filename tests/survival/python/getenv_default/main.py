import os

from openai import OpenAI

api_key = os.getenv("OPENAI_API_KEY", "{openai.project}")
model = os.getenv("OPENAI_MODEL", "gpt-4o-mini")

client = OpenAI(api_key=api_key)
reply = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
print(reply.choices[0].message.content)
