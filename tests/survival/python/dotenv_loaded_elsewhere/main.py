from client import client
from dotenv import load_dotenv

load_dotenv()

reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "where?"}])
print(reply.choices[0].message.content)
