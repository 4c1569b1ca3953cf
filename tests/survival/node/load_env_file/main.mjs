import OpenAI from "openai";

try {
  process.loadEnvFile();
} catch {}

function connect() {
  return new OpenAI({ apiKey: "{openai.project}" });
}

const client = connect();
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
