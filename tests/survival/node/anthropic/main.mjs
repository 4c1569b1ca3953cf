import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ apiKey: "{anthropic.api}" });
const reply = await client.messages.create({ model: "claude-sonnet-4-5", max_tokens: 10, messages: [{ role: "user", content: "Name a tree" }] });
console.log(reply.content[0].type);
