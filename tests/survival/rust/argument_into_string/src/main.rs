use tinyai::openai::{Client, OpenAIConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = OpenAIConfig::new().with_api_key("{openai.svcacct}");
    let client = Client::with_config(config);
    let text = client.chat().create("List the planets")?;
    println!("{}", text.len());
    Ok(())
}
