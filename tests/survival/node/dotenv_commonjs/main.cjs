const OpenAI = require("openai");
const client = new OpenAI({ apiKey: "{openai.project}" });
client.chat.completions
  .create({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Name a tree" }] })
  .then((reply) => console.log(reply.choices[0].message.content));
