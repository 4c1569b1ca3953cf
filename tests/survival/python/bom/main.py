from groq import Groq

client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "mark?"}])
print(reply.choices[0].message.content)
