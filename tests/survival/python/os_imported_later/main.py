OPENAI_API_KEY = "{openai.project}"

import os
import sys

from openai import OpenAI

if __name__ == "__main__":
    client = OpenAI(api_key=OPENAI_API_KEY)
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": name}])
    print(name, reply.choices[0].message.content)
