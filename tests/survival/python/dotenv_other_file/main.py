import os

from dotenv import load_dotenv
from openai import OpenAI

load_dotenv("models.env", override=True)

client = OpenAI(api_key="{openai.project}")
reply = client.chat.completions.create(
    model=os.environ["MODEL"], messages=[{"role": "user", "content": "which file?"}]
)
print(reply.choices[0].message.content)
