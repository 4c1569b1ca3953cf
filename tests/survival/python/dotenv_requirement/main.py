import os

from groq import Groq

os.environ["GROQ_API_KEY"] = "{groq.api}"
client = Groq()
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "later?"}])
print(reply.choices[0].message.content)
