import OpenAI from "openai";

const OPENAI_API_KEY = "{openai.project}";
const client = new OpenAI({ apiKey: OPENAI_API_KEY });
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
