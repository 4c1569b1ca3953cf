from openai import OpenAI

MODEL, API_KEY, ROUNDS = "gpt-4o-mini", "{openai.project}", 1

client = OpenAI(api_key=API_KEY)
for _ in range(ROUNDS):
    reply = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "go"}])
    print(reply.choices[0].message.role)
