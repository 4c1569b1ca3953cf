from openai import OpenAI


def ask(prompt, api_key="{openai.project}"):
    if not api_key:
        return "no key, no answer"
    client = OpenAI(api_key=api_key)
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}])
    return reply.choices[0].message.content


print(ask("Name a tree"))
print(ask("Name a tree", ""))
