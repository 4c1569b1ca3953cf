use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let host = std::env::var("HOST").unwrap_or_else(|_| "localhost".to_owned());
    let client = Client::with_config(OpenAIConfig::new().with_api_key("{openai.project}"));
    println!(
        "{} {}",
        host.len() > 2,
        client.chat().create("others?")?.len() > 2
    );
    Ok(())
}
