import os

from groq import Groq

os.environ.setdefault("GROQ_API_KEY", "{groq.api}")
os.environ.setdefault("APP_MODE", "demo")

reply = Groq().chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "hi"}])
print(os.environ["APP_MODE"], reply.choices[0].message.content)
