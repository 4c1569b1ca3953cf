import sys

from mistralai.client import Mistral

with Mistral(api_key="{mistral.api}", server_url=sys.argv[1]) as client:
    reply = client.chat.complete(
        model="mistral-small", messages=[{"role": "user", "content": "Quel temps fait-il ?"}]
    )
    print(reply.choices[0].message.content)
