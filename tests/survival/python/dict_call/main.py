from groq import Groq

settings = dict(api_key="{groq.api}", max_retries=1)
client = Groq(**settings)
reply = client.chat.completions.create(
    model="llama-small", messages=[{"role": "user", "content": "Yes or no?"}]
)
print(reply.object)
