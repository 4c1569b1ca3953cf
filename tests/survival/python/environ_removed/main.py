import os

from openai import OpenAI


def ask(text):
    reply = OpenAI().chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": text}])
    print(reply.choices[0].message.content)


os.environ["OPENAI_API_KEY"] = "{openai.project}"
ask("first?")
os.environ.pop("OPENAI_API_KEY")
print("OPENAI_API_KEY" in os.environ)
os.environ["OPENAI_API_KEY"] = "{openai.project}"
ask("second?")
del os.environ["OPENAI_API_KEY"]
