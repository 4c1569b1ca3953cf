from openai import OpenAI


def get_api_key() -> str:
    return "{openai.project}"


def main():
    client = OpenAI(api_key=get_api_key())
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "back?"}])
    print(reply.choices[0].message.content)


main()
