from groq import Groq


def cores():
    import os

    return os.cpu_count() or 1


def ask():
    client = Groq(api_key="{groq.api}")
    return client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "cores?"}])


print(cores() > 0, ask().choices[0].message.content)
