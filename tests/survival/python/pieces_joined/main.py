from openai import OpenAI

PARTS = "-".join(["sk", "{openai.project:3..}"])


def ask(prompt):
    client = OpenAI(api_key=PARTS)
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}])
    return reply.choices[0].message.content


print(ask("hi"))
