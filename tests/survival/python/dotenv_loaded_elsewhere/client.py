from groq import Groq

client = Groq(api_key="{groq.api}")
