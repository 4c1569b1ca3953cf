from openai import OpenAI

reply = OpenAI().chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "child?"}])
print(reply.choices[0].message.content)
