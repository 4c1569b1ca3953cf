from openai import OpenAI

OPENAI_API_KEY = "{openai.project}"
MODEL = "gpt-4o-mini"


def main() -> None:
    client = OpenAI(api_key=OPENAI_API_KEY)
    reply = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Name three rivers."}],
    )
    print(reply.choices[0].message.content)


if __name__ == "__main__":
    main()
