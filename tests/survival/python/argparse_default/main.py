import argparse

from openai import OpenAI

parser = argparse.ArgumentParser(description="Ask a model.")
parser.add_argument("prompt", nargs="?", default="Say hi")
parser.add_argument("--base-url", required=True)
parser.add_argument("--api-key", default="{openai.project}", help="the key to use")
args = parser.parse_args()

client = OpenAI(api_key=args.api_key, base_url=args.base_url)
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": args.prompt}])
print(reply.choices[0].message.content)
