from app.client import client

reply = client().chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "far?"}])
print(reply.choices[0].message.content)
