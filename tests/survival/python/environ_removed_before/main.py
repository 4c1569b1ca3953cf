import os

from openai import OpenAI

os.environ.pop("OPENAI_API_KEY", None)

client = OpenAI(api_key="{openai.project}")
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "before?"}])
print(reply.choices[0].message.content)
