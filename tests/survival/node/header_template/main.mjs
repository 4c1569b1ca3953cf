const scheme = "Bearer";
const headers = { Authorization: `${scheme} {openai.project}` };
const reply = await fetch(`${process.env.STANDIN_URL}/chat/completions`, {
  method: "POST",
  headers,
  body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Name a tree" }] }),
});
console.log(reply.status);
