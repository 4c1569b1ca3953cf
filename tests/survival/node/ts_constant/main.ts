import OpenAI from "openai";

const apiKey: string = "{openai.project}";
const client: OpenAI = new OpenAI({ apiKey });
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
