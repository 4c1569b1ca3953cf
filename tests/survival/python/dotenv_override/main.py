from dotenv import find_dotenv, load_dotenv
from groq import Groq

load_dotenv(find_dotenv(), override=True)

client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "over?"}])
print(reply.choices[0].message.content)
