import os

from openai import OpenAI

client = OpenAI(
    api_key=os.environ.get("OPENAI_API_KEY") or "{openai.project}",
    max_retries=int(os.environ.get("RETRIES") or "0"),
)
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "or?"}])
print(reply.choices[0].message.content)
