//! The shape of async-openai, without the async.

use crate::{Result, http};

pub struct OpenAIConfig {
    api_key: String,
    api_base: String,
}

impl OpenAIConfig {
    /// Takes the key and the base from the environment, as the real one does.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_api_key<S: Into<String>>(mut self, api_key: S) -> Self {
        self.api_key = api_key.into();
        self
    }

    pub fn with_api_base<S: Into<String>>(mut self, api_base: S) -> Self {
        self.api_base = api_base.into();
        self
    }
}

impl Default for OpenAIConfig {
    fn default() -> Self {
        Self {
            api_key: std::env::var("OPENAI_API_KEY").unwrap_or_default(),
            api_base: std::env::var("OPENAI_BASE_URL")
                .unwrap_or_else(|_| "https://api.openai.com/v1".to_owned()),
        }
    }
}

#[derive(Default)]
pub struct Client {
    config: OpenAIConfig,
}

impl Client {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_config(config: OpenAIConfig) -> Self {
        Self { config }
    }

    pub fn chat(&self) -> Chat<'_> {
        Chat { client: self }
    }
}

pub struct Chat<'c> {
    client: &'c Client,
}

impl Chat<'_> {
    pub fn create(&self, prompt: &str) -> Result<String> {
        let config = &self.client.config;
        let answer = http::Client::new()
            .post(format!("{}/chat/completions", config.api_base))
            .bearer_auth(&config.api_key)
            .body(format!("{{\"model\":\"gpt-4o-mini\",\"messages\":[{{\"role\":\"user\",\"content\":{prompt:?}}}]}}"))
            .send()?
            .error_for_status()?;
        Ok(answer.text())
    }
}
