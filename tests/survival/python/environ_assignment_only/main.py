import os

from groq import Groq


def prepare():
    os.environ["GROQ_API_KEY"] = "{groq.api}"


if __name__ == "__main__":
    prepare()
    reply = Groq().chat.completions.create(
        model="llama-small", messages=[{"role": "user", "content": "block?"}]
    )
    print(reply.choices[0].message.content)
