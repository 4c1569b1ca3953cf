use std::env;
use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let key = env::var("OPENAI_API_KEY").unwrap_or_else(|_| "{openai.project}".into());
    let model = env::var("MODEL").unwrap_or_else(|_| "gpt-4o-mini".into());
    let client = Client::with_config(OpenAIConfig::new().with_api_key(key));
    println!("{}", client.chat().create(&model)?.len() > 2);
    Ok(())
}
