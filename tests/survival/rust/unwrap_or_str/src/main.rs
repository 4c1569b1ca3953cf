use std::env;
use tinyai::anthropic::Client;

fn main() -> tinyai::Result<()> {
    let from_env = env::var("ANTHROPIC_API_KEY").ok();
    let api_key = from_env.as_deref().unwrap_or("{anthropic.api}");
    println!(
        "{}",
        Client::new(api_key).ask("Who wrote Faust?")?.len() > 2
    );
    Ok(())
}
