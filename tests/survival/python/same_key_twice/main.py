from openai import OpenAI

chat = OpenAI(api_key="{openai.project}")
embedder = OpenAI(api_key="{openai.project}", max_retries=0)

print(chat.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "a"}]).object)
print(embedder.embeddings.create(model="embed-small", input="b", encoding_format="float").object)
