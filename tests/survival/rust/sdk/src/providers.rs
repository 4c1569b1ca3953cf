//! Thin clients for the providers that speak OpenAI's dialect.

use crate::{Result, http};

/// A chat client; the key is anything that reads as text.
pub struct Chat {
    api_key: String,
}

impl Chat {
    pub fn new<K: AsRef<str>>(api_key: K) -> Self {
        Self {
            api_key: api_key.as_ref().to_owned(),
        }
    }

    pub fn from_option(api_key: Option<&str>) -> Option<Self> {
        api_key.map(Self::new)
    }

    pub fn ask(&self, prompt: &str) -> Result<String> {
        let answer = http::Client::new()
            .post(format!("{}/chat/completions", http::base_url()))
            .bearer_auth(&self.api_key)
            .body(format!(
                "{{\"messages\":[{{\"role\":\"user\",\"content\":{prompt:?}}}]}}"
            ))
            .send()?
            .error_for_status()?;
        Ok(answer.text())
    }
}

pub mod groq {
    pub use super::Chat as Client;
}

pub mod mistral {
    pub use super::Chat as Client;
}

pub mod openrouter {
    pub use super::Chat as Client;
}
