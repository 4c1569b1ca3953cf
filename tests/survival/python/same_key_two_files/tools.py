from groq import Groq

client = Groq(api_key="{groq.api}")


def classify(text):
    reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": text}])
    return reply.choices[0].finish_reason
