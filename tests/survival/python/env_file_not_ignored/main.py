from groq import Groq

client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "seen?"}])
print(reply.choices[0].message.content)
