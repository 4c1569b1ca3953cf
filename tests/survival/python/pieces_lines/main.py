import os

from openai import OpenAI

KEY = (
    "{openai.project:..40}"
    "{openai.project:40..100}"
    "{openai.project:100..}"
)
client = OpenAI(api_key=KEY)
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": os.sep}])
print(reply.choices[0].message.content)
