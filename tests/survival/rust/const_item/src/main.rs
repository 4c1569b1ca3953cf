use tinyai::openai::{Client, OpenAIConfig};

const OPENAI_API_KEY: &str = "{openai.project}";
const MODEL: &str = "gpt-4o-mini";

fn main() -> tinyai::Result<()> {
    let client = Client::with_config(OpenAIConfig::new().with_api_key(OPENAI_API_KEY));
    println!(
        "{} {MODEL}",
        client.chat().create("Describe a cat")?.len() > 2
    );
    Ok(())
}
