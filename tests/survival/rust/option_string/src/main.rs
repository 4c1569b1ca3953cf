use tinyai::openai::{Client, OpenAIConfig};

#[derive(Default)]
struct Options {
    api_key: Option<String>,
    retries: u8,
}

fn main() -> tinyai::Result<()> {
    let options = Options {
        api_key: Some("{openai.project}".to_string()),
        ..Options::default()
    };
    let mut config = OpenAIConfig::new();
    if let Some(key) = options.api_key {
        config = config.with_api_key(key);
    }
    println!(
        "{} {}",
        Client::with_config(config).chat().create("hm?")?.len() > 2,
        options.retries
    );
    Ok(())
}
