import OpenAI from "openai";

const keys = ["{openai.project}"];
let turn = 0;
const client = new OpenAI({ apiKey: keys[turn++ % keys.length] });
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
