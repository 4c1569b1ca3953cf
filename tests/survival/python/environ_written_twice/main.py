import os

from openai import OpenAI

os.environ["OPENAI_API_KEY"] = "none"
client = OpenAI(api_key="{openai.project}")
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "twice?"}])
print(reply.choices[0].message.content)
