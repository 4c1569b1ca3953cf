import config
from groq import Groq


def chat(text):
    client = Groq(api_key=config.GROQ_API_KEY)
    reply = client.chat.completions.create(model=config.MODEL, messages=[{"role": "user", "content": text}])
    return reply.choices[0].message.content
