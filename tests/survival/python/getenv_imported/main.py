from os import getenv

from groq import Groq

client = Groq(api_key=getenv("GROQ_API_KEY", "{groq.api}"))
reply = client.chat.completions.create(
    model=getenv("MODEL", "llama-small"), messages=[{"role": "user", "content": "hi"}]
)
print(reply.choices[0].message.content)
