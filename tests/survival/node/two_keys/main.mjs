import OpenAI from "openai";

const client = new OpenAI({ apiKey: "{openai.project}" });
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
const reply2 = await fetch(`${process.env.STANDIN_URL}/v1/messages`, {
  method: "POST",
  headers: { "x-api-key": "{anthropic.api}" },
  body: JSON.stringify({ model: "claude-sonnet-4-5", max_tokens: 10, messages: [{ role: "user", content: "Name a tree" }] }),
});
console.log(reply2.status);
