import os as system

from groq import Groq

here = system.path.basename(__file__)
client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": here}])
print(here, reply.choices[0].message.content)
