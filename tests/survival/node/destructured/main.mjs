import OpenAI from "openai";

function connect({ apiKey = "{openai.project}", retries = 0 } = {}) {
  return new OpenAI({ apiKey, maxRetries: retries });
}

const client = connect();
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
