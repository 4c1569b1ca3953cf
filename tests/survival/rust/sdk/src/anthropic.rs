//! The shape of a client for Anthropic's messages, with a builder.

use crate::{Error, Result, http};

pub struct Client {
    api_key: String,
    base_url: String,
}

impl Client {
    pub fn new(api_key: &str) -> Self {
        Self {
            api_key: api_key.to_owned(),
            base_url: base_url(),
        }
    }

    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub fn ask(&self, prompt: &str) -> Result<String> {
        let answer = http::Client::new()
            .post(format!("{}/v1/messages", self.base_url))
            .header("x-api-key", &self.api_key)
            .header("anthropic-version", "2023-06-01")
            .body(format!(
                "{{\"messages\":[{{\"role\":\"user\",\"content\":{prompt:?}}}]}}"
            ))
            .send()?
            .error_for_status()?;
        Ok(answer.text())
    }
}

#[derive(Default)]
pub struct ClientBuilder {
    api_key: Option<String>,
    version: Option<String>,
}

impl ClientBuilder {
    pub fn api_key<S: Into<String>>(mut self, api_key: S) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    pub fn version(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned());
        self
    }

    pub fn build(self) -> Result<Client> {
        let api_key = self
            .api_key
            .ok_or_else(|| Error("no key was given".to_owned()))?;
        Ok(Client {
            api_key,
            base_url: base_url(),
        })
    }
}

fn base_url() -> String {
    std::env::var("ANTHROPIC_BASE_URL").unwrap_or_else(|_| "https://api.anthropic.com".to_owned())
}
