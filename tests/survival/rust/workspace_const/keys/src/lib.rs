//! The keys of all packages.

/// Groq's.
pub const GROQ_API_KEY: &str = "{groq.api}";
