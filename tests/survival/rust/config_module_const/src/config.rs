//! What is set up once.

pub const OPENAI_API_KEY: &str = "{openai.project}";
pub const SYSTEM_PROMPT: &str = "You answer briefly.";
