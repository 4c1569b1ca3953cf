from groq import Groq

# client = Groq(api_key="{groq.api}")
client = Groq(api_key="{groq.api}", max_retries=0)
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "old?"}])
print(reply.choices[0].message.content)
