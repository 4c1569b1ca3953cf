import OpenAI from "openai";

const key = "{openai.project}";
const client = new OpenAI({ apiKey: key });
console.log(key === "{openai.project}", typeof key);
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
