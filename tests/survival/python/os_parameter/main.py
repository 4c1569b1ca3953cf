import os

from openai import OpenAI


def ask(os):
    client = OpenAI(api_key="{openai.project}")
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": os}])
    return reply.choices[0].message.content


print(ask("linux"), os.sep)
