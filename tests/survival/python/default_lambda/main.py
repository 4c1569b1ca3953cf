from groq import Groq

connect = lambda key="{groq.api}", **options: Groq(api_key=key, **options)

reply = connect(max_retries=0).chat.completions.create(
    model="llama-small", messages=[{"role": "user", "content": "lambda?"}]
)
print(reply.choices[0].message.content)
