import sys

from llm import GroqClient

client = GroqClient("{groq.api}", sys.argv[1])
print(client.ask("Why is the sky blue?"))
