use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let api_key: String = "{openai.project}".to_string();
    let config = OpenAIConfig::new().with_api_key(api_key);
    let client = Client::with_config(config);
    let answer = client.chat().create("Say hello in Danish")?;
    println!("{}", !answer.is_empty());
    Ok(())
}
