use std::env;
use tinyai::openai::Client;

fn main() -> tinyai::Result<()> {
    env::set_var("APP_MODE", "demo");
    env::set_var("OPENAI_API_KEY", "{openai.project}");
    let mode = env::var("APP_MODE").unwrap_or_default();
    println!(
        "{mode} {}",
        Client::new().chat().create("Who am I?")?.len() > 2
    );
    Ok(())
}
