import os

from groq import Groq

if True:  # always
    # The key.
    os.environ["GROQ_API_KEY"] = "{groq.api}"

if os: \
    os.environ["GROQ_API_KEY"] = "{groq.api}"

reply = Groq().chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "block?"}])
print(reply.choices[0].message.content)
