from groq import Groq


class Helper:
	retries = 0

	def __init__(self):
		if self.retries == 0:
			self.client = Groq(api_key="{groq.api}")

	def ask(self, prompt, api_key="{groq.api}"):
		assert api_key
		reply = self.client.chat.completions.create(
			model="llama-small",
			messages=[{"role": "user", "content": prompt}],
		)
		return reply.choices[0].message.content


print(Helper().ask("tabs?"))
