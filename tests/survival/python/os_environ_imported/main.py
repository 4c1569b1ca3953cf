from os import environ

from groq import Groq

model = environ.get("GROQ_MODEL", "llama-small")
client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "environ?"}])
print(reply.choices[0].message.content)
