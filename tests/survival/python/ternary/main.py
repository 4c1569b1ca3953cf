import sys

from groq import Groq

offline = "--offline" in sys.argv
key = None if offline else "{groq.api}"

if key is None:
    print("offline")
else:
    reply = Groq(api_key=key).chat.completions.create(
        model="llama-small", messages=[{"role": "user", "content": "on?"}]
    )
    print(reply.choices[0].message.content)
