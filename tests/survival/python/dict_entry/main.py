from openai import OpenAI

OPTIONS = {
    "api_key": "{openai.legacy}",
    "timeout": 20,
    "max_retries": 0,
}

client = OpenAI(**OPTIONS)
reply = client.embeddings.create(model="embed-small", input=["one", "two"], encoding_format="float")
print(len(reply.data))
