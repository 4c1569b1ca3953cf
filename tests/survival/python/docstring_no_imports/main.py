import settings
from groq import Groq

client = Groq(api_key=settings.GROQ_API_KEY)
reply = client.chat.completions.create(model=settings.MODEL, messages=[{"role": "user", "content": "doc?"}])
print(settings.__doc__, reply.choices[0].message.content)
