use tinyai::openai::{Client, OpenAIConfig};

struct Assistant {
    client: Client,
}

impl Assistant {
    const API_KEY: &'static str = "{openai.project}";
    const GREETING: &'static str = "Good morning";

    fn new() -> Self {
        let config = OpenAIConfig::new().with_api_key(Self::API_KEY);
        Self {
            client: Client::with_config(config),
        }
    }

    fn greet(&self) -> tinyai::Result<String> {
        self.client.chat().create(Self::GREETING)
    }
}

fn main() -> tinyai::Result<()> {
    println!("{}", Assistant::new().greet()?.len() > 2);
    Ok(())
}
