from openai import OpenAI


class Bot:
    """Answers in one line."""

    api_key = "{openai.project}"
    model = "gpt-4o-mini"

    def reply(self, text):
        client = OpenAI(api_key=self.api_key)
        response = client.responses.create(model=self.model, input=text)
        return response.output_text


print(Bot().reply("hello"))
