import os

from groq import Groq

try:
    groq_api_key = os.environ["GROQ_API_KEY"]
except KeyError:
    groq_api_key = "{groq.api}"

reply = Groq(api_key=groq_api_key).chat.completions.create(
    model="llama-small", messages=[{"role": "user", "content": "try?"}]
)
print(reply.choices[0].message.content)
