import os

from openai import OpenAI

OPENAI_API_KEY = "{openai.project}"
os.environ["OPENAI_API_KEY"] = OPENAI_API_KEY

reply = OpenAI().chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "constant?"}])
print(reply.choices[0].message.content)
