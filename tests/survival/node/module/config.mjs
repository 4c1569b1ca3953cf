export const OPENAI_API_KEY = "{openai.project}";
export default { model: "gpt-4o-mini" };
