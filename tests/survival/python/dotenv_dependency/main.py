"""Nothing loads .env here yet."""

from openai import OpenAI

OPENAI_API_KEY = "{openai.project}"

client = OpenAI(api_key=OPENAI_API_KEY)
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "yet?"}])
print(reply.choices[0].message.content)
