use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    dotenvy::dotenv_override().ok();
    let client = Client::with_config(OpenAIConfig::new().with_api_key("{openai.project}"));
    println!("{}", client.chat().create("Loaded?")?.len() > 2);
    Ok(())
}
