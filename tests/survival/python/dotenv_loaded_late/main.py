import dotenv
from groq import Groq

GROQ_API_KEY = "{groq.api}"


def main():
    dotenv.load_dotenv()
    client = Groq(api_key=GROQ_API_KEY)
    reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "late?"}])
    print(reply.choices[0].message.content)


if __name__ == "__main__":
    main()
