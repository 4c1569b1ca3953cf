import OpenAI from "openai";

function connect(apiKey: string = "{openai.project}", retries?: number): OpenAI {
  return new OpenAI({ apiKey, maxRetries: retries ?? 0 });
}

const client = connect();
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
