const settings = JSON.parse("{\"key\": \"{openai.project}\", \"n\": 1}");
const reply = await fetch(`${process.env.STANDIN_URL}/models`, {
  headers: { Authorization: `Bearer ${settings.key}` },
});
console.log(reply.status, settings.n);
