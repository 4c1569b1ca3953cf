use tinyai::openai::{Client, OpenAIConfig};

struct Config {
    api_key: String,
    temperature: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_key: "{openai.project}".to_string(),
            temperature: 0.2,
        }
    }
}

fn main() -> tinyai::Result<()> {
    let config = Config {
        temperature: 0.7,
        ..Config::default()
    };
    let client = Client::with_config(OpenAIConfig::new().with_api_key(&config.api_key));
    println!(
        "{} {}",
        client.chat().create("Tell a joke")?.len() > 2,
        config.temperature
    );
    Ok(())
}
