import os

from openai import OpenAI

os.environ["OPENAI_API_KEY"] = "{openai.project}"

client = OpenAI()
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
print(reply.choices[0].message.content)
