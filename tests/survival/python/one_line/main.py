from groq import Groq; key = "{groq.api}"; model = "llama-small"

if key: client = Groq(api_key=key)
print(client.chat.completions.create(model=model, messages=[{"role": "user", "content": ";"}]).choices[0].index)
