GROQ_API_KEY = "{groq.api}"
MODEL = "llama-small"
