import os

from dotenv import load_dotenv
from openai import OpenAI

load_dotenv()
client = OpenAI(api_key="{openai.project}")
reply = client.chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": os.environ["GREETING"]}]
)
print(os.environ["MOTTO"], os.environ["PORT"], reply.choices[0].message.content)
