from groq import Groq


def connect(*, api_key: str = "{groq.api}", retries: int = 0) -> Groq:
    return Groq(api_key=api_key, max_retries=retries)


reply = connect(retries=1).chat.completions.create(
    model="llama-small", messages=[{"role": "user", "content": "ready?"}]
)
print(reply.choices[0].message.content)
