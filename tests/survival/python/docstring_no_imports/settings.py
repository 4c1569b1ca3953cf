'''Settings of the demo.'''
GROQ_API_KEY = '{groq.api}'
MODEL = 'llama-small'
