from groq import Groq
from chat import chat
from config import GROQ_API_KEY, MODEL

print(chat("one"))
client = Groq(api_key=GROQ_API_KEY)
print(client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "two"}]).object)
