import OpenAI from "openai";

class Service {
  static name = "service";
  #key = "{openai.project}";

  client() {
    return new OpenAI({ apiKey: this.#key });
  }
}

const client = new Service().client();
const reply = await client.chat.completions.create({
  model: "gpt-4o-mini",
  messages: [{ role: "user", content: "Name a tree" }],
});
console.log(reply.choices[0].message.content);
