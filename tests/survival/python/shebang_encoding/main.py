#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# A demo for the café.
from groq import Groq

client = Groq(api_key="{groq.api}")
reply = client.chat.completions.create(model="llama-small", messages=[{"role": "user", "content": "Un café?"}])
print(reply.choices[0].message.content)
