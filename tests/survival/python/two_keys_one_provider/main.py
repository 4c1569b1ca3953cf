from openai import OpenAI

messages = [{"role": "user", "content": "Which team are you?"}]
red = OpenAI(api_key="{openai.project}")
blue = OpenAI(api_key="{openai.project#2}")
for team in (red, blue):
    print(team.chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content)
