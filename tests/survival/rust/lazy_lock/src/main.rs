use std::sync::LazyLock;
use tinyai::openai::{Client, OpenAIConfig};

static API_KEY: LazyLock<String> = LazyLock::new(|| "{openai.project}".to_string());

static CLIENT: LazyLock<Client> =
    LazyLock::new(|| Client::with_config(OpenAIConfig::new().with_api_key(API_KEY.as_str())));

fn main() -> tinyai::Result<()> {
    println!("{}", CLIENT.chat().create("lazy?")?.len() > 2);
    Ok(())
}
