from openai import OpenAI


def advise(os):
    client = OpenAI(api_key="{openai.project}")
    prompt = f"Which editor suits {os}?"
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}])
    return f"{os}: {reply.choices[0].message.content}"


for os in ("linux", "plan9"):
    if os == "linux":
        print(advise(os))
