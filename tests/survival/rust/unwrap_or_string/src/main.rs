use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let key = std::env::var("OPENAI_API_KEY").unwrap_or("{openai.project}".to_string());
    let client = Client::with_config(OpenAIConfig::new().with_api_key(key));
    println!("{}", client.chat().create("Who wrote Emma?")?.len() > 2);
    Ok(())
}
