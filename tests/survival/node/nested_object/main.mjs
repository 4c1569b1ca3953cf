import OpenAI from "openai";

const settings = { providers: { openai: { apiKey: "{openai.project}", timeout: 20_000 } } };
const client = new OpenAI(settings.providers.openai);
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
