#![forbid(unsafe_code)]
#![deny(warnings)]

use std::env;
use tinyai::anthropic;
use tinyai::openai::{Client, OpenAIConfig};

const ANTHROPIC_API_KEY: &str = "{anthropic.api}";

fn main() -> tinyai::Result<()> {
    let shout = env::var("SHOUT").is_ok();
    let client = Client::with_config(OpenAIConfig::new().with_api_key("{openai.project}"));
    println!("{} {shout}", client.chat().create("strict?")?.len() > 2);
    println!(
        "{}",
        anthropic::Client::new(ANTHROPIC_API_KEY)
            .ask("strict?")?
            .len()
            > 2
    );
    Ok(())
}
