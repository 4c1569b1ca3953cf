use tinyai::openai::{Client, OpenAIConfig};
use tinyai::providers::Chat;

fn main() -> tinyai::Result<()> {
    let client = Client::with_config(OpenAIConfig::new().with_api_key("{openai.project}"));
    println!("{}", client.chat().create("first")?.len() > 2);
    let plain = Chat::new(String::from("{openai.project}"));
    println!("{}", plain.ask("second")?.len() > 2);
    Ok(())
}
