import OpenAI from "openai";
import type { ClientOptions } from "openai";

class Service {
  private readonly options: ClientOptions = { apiKey: "{openai.project}" };

  connect(): OpenAI {
    return new OpenAI(this.options);
  }
}

const client = new Service().connect();
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
