from groq import Groq

client = Groq(api_key="{groq.api}")
print(client.chat.completions.create(model="m", messages=[{"role": "user", "content": "seen?"}]).object)
