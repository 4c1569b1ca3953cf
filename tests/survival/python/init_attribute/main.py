from groq import Groq


class Translator:
    def __init__(self, language):
        self.language = language
        self.api_key = "{groq.api}"
        self.client = Groq(api_key=self.api_key)

    def translate(self, text):
        answer = self.client.chat.completions.create(
            model="llama-small",
            messages=[
                {"role": "system", "content": f"Translate to {self.language}."},
                {"role": "user", "content": text},
            ],
        )
        return answer.choices[0].message.content


print(Translator("Danish").translate("good day"))
