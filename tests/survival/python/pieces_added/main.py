from openai import OpenAI

client = OpenAI(api_key="{openai.project:..8}" + "{openai.project:8..}")
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
print(reply.choices[0].message.content)
