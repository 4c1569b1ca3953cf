import OpenAI from "openai";

const connect = async () => new OpenAI({ apiKey: "{openai.project}" });
const client = await connect();
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
