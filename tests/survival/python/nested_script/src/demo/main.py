from dotenv import load_dotenv
from openai import OpenAI

load_dotenv()


def main():
    client = OpenAI(api_key="{openai.project}")
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "deep?"}])
    print(reply.choices[0].message.content)


main()
