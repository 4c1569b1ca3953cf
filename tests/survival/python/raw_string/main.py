from groq import Groq

API_KEY = r"{groq.api}"

reply = Groq(api_key=API_KEY).chat.completions.create(
    model="llama-small", messages=[{"role": "user", "content": r"What is \d+?"}]
)
print(reply.choices[0].message.content)
