import asyncio

from openai import AsyncOpenAI


async def main():
    client = AsyncOpenAI(api_key="{openai.svcacct}")
    prompts = ["left", "right"]
    answers = await asyncio.gather(
        *(
            client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": p}])
            for p in prompts
        )
    )
    print(len(answers))


asyncio.run(main())
