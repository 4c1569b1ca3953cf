from dotenv import load_dotenv
from groq import Groq

load_dotenv()

client = Groq(api_key="{groq.api}")


def ask(text):
    reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": text}])
    return reply.choices[0].message.content
