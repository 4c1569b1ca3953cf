mod config;

use config::Config;
use tinyai::anthropic::Client;

fn main() -> tinyai::Result<()> {
    let config = Config::load();
    let prompt = format!("At most {} tokens", config.max_tokens);
    println!("{}", Client::new(&config.api_key).ask(&prompt)?.len() > 2);
    Ok(())
}
