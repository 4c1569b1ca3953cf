from anthropic import Anthropic


class Reviewer:
    def __init__(self, style: str, api_key: str = "{anthropic.api}") -> None:
        self.style = style
        self._client = Anthropic(api_key=api_key)

    def review(self, code: str) -> str:
        message = self._client.messages.create(
            model="claude-small",
            max_tokens=64,
            system=f"Review in a {self.style} tone.",
            messages=[{"role": "user", "content": code}],
        )
        return message.content[0].text


print(Reviewer("friendly").review("x = 1"))
