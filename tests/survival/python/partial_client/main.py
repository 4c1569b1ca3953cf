from functools import partial

from anthropic import Anthropic
from openai import OpenAI

connect = partial(OpenAI, api_key="{openai.project}", max_retries=0)
print(connect().chat.completions.create(model="m", messages=[{"role": "user", "content": "1"}]).object)

if claude_key := "{anthropic.api}":
    claude = Anthropic(api_key=claude_key)
    print(claude.messages.create(model="m", max_tokens=8, messages=[{"role": "user", "content": "2"}]).type)
