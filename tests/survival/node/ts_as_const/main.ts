import OpenAI from "openai";

const options = { apiKey: "{openai.project}" as string, maxRetries: 0 } satisfies Record<string, unknown>;
const client = new OpenAI(options);
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
