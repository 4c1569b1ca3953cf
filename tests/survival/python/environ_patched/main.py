import os
from unittest import mock

from openai import OpenAI

url = os.environ["OPENAI_BASE_URL"]
with mock.patch.dict(os.environ, {}, clear=True):
    client = OpenAI(api_key="{openai.project}", base_url=url)
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "empty?"}])
    print(reply.choices[0].message.content)
