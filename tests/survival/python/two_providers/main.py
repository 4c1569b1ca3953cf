from anthropic import Anthropic
from openai import OpenAI

prompt = [{"role": "user", "content": "Which of you is older?"}]

gpt = OpenAI(api_key="{openai.project}")
claude = Anthropic(api_key="{anthropic.api}")

print(gpt.chat.completions.create(model="gpt-4o-mini", messages=prompt).choices[0].message.content)
print(claude.messages.create(model="claude-small", max_tokens=16, messages=prompt).content[0].text)
