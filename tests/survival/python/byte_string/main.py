from groq import Groq

KEY = b"{groq.api}"

client = Groq(api_key=KEY.decode("ascii"))
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "b?"}])
print(reply.choices[0].message.content)
