from openai import OpenAI

client = OpenAI(api_key=f"{openai.project}")
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "f?"}])
print(reply.choices[0].message.content)
