#![deny(warnings)]

use std::env;
use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let key = env::var("OPENAI_API_KEY").unwrap_or_else(|_| "{openai.project}".to_string());
    let client = Client::with_config(OpenAIConfig::new().with_api_key(key));
    println!("{}", client.chat().create("unused?")?.len() > 2);
    Ok(())
}
