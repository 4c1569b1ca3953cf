import OpenAI from "openai";

async function ask(prompt, apiKey = "{openai.project}") {
  const client = new OpenAI({ apiKey });
  const reply = await client.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content: prompt }] });
  return reply.choices[0].message.content;
}

console.log(await ask("Name a tree"));
