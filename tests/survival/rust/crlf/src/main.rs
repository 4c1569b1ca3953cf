//! Written on another system.

use tinyai::openai::{Client, OpenAIConfig};

const OPENAI_API_KEY: &str = "{openai.project}";

fn main() -> tinyai::Result<()> {
    let config = OpenAIConfig::new().with_api_key(OPENAI_API_KEY);
    println!(
        "{}",
        Client::with_config(config)
            .chat()
            .create("line ends?")?
            .len()
            > 2
    );
    Ok(())
}
