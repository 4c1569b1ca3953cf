mod config;

use tinyai::openai::{Client, OpenAIConfig};
use tinyai::providers::Chat;

fn main() -> tinyai::Result<()> {
    let client = Client::with_config(OpenAIConfig::new().with_api_key(config::OPENAI_API_KEY));
    println!("{}", client.chat().create(config::SYSTEM_PROMPT)?.len() > 2);
    println!(
        "{}",
        Chat::new(config::OPENAI_API_KEY).ask("again")?.len() > 2
    );
    Ok(())
}
