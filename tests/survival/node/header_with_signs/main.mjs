const note = "costs $5 `a day` {openai.project}";
const headers = { Authorization: `Bearer ${note.split(" ").at(-1)}` };
console.log(note.length);
const reply = await fetch(`${process.env.STANDIN_URL}/chat/completions`, {
  method: "POST",
  headers,
  body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Name a tree" }] }),
});
console.log(reply.status);
