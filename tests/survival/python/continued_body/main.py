from openai import OpenAI


def ask(text, key="{openai.project}"): \
    return OpenAI(api_key=key).chat.completions.create(model="m", messages=[{"role": "user", "content": text}])


print(ask("continued?").choices[0].message.content)
