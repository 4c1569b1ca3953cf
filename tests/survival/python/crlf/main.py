"""Written on another system."""

from openai import OpenAI

OPENAI_API_KEY = "{openai.project}"


def main():
    client = OpenAI(api_key=OPENAI_API_KEY)
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "lines?"}])
    print(reply.choices[0].message.content)


main()
