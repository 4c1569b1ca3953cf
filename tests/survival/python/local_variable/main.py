import anthropic


def summarise(text):
    key = "{anthropic.api}"
    client = anthropic.Anthropic(api_key=key)
    message = client.messages.create(
        model="claude-small",
        max_tokens=64,
        messages=[{"role": "user", "content": f"Summarise: {text}"}],
    )
    return message.content[0].text


print(summarise("rain, rain, sun"))
