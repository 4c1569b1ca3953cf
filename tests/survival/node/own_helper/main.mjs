import OpenAI from "openai";
import { requireEnv } from "./env.mjs";

const url = requireEnv("STANDIN_URL");
const client = new OpenAI({ apiKey: "{openai.project}", baseURL: url });
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
