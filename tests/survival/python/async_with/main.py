import asyncio

from anthropic import AsyncAnthropic


async def ask(prompt: str) -> str:
    async with AsyncAnthropic(
        api_key="{anthropic.api}",  # billed to the demo workspace
        max_retries=0,
    ) as client:
        message = await client.messages.create(
            model="claude-small", max_tokens=32, messages=[{"role": "user", "content": prompt}]
        )
        return message.content[0].text


if __name__ == "__main__":
    print(asyncio.run(ask("Good morning")))
