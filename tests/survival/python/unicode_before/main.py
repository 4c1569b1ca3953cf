from openai import OpenAI

# 👩‍🚀 Grüße aus München — 你好
greeting, api_key = "😀 héllo, wörld 🎉", "{openai.project}"  # 🔑

client = OpenAI(api_key=api_key)
reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": greeting}])
print(len(greeting), reply.choices[0].message.content)
