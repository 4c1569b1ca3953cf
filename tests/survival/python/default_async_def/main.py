import asyncio

from groq import AsyncGroq


async def ask(prompt: str, api_key: str = "{groq.api}", model: str = "llama-small") -> str:
    client = AsyncGroq(api_key=api_key)
    reply = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
    return reply.choices[0].message.content


print(asyncio.run(ask("Name a bird")))
