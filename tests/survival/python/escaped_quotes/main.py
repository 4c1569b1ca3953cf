import json

from openai import OpenAI

settings = json.loads("{\"key\": \"{openai.project}\", \"retries\": 1}")
client = OpenAI(api_key=settings["key"], max_retries=settings["retries"])
print(client.models.list().data[0].id)
