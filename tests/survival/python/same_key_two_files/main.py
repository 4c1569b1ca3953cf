from groq import Groq
from tools import classify

print(classify("a kind letter"))
api_key = '{groq.api}'
reply = Groq(api_key=api_key).chat.completions.create(
    model="llama-small", messages=[{"role": "user", "content": "and you?"}]
)
print(reply.choices[0].message.content)
