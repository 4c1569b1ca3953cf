pub struct Config {
    pub api_key: String,
    pub max_tokens: u32,
}

impl Config {
    pub fn load() -> Self {
        Config {
            api_key: String::from("{anthropic.api}"),
            max_tokens: 256,
        }
    }
}
