use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let connect = || Client::with_config(OpenAIConfig::new().with_api_key("{openai.project}"));
    let client = connect();
    println!("{}", client.chat().create("Count to four")?.len() > 2);
    Ok(())
}
