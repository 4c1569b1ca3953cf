use std::error::Error;
use tinyai::openai::{Client, OpenAIConfig};

fn summarise(text: &str) -> Result<String, Box<dyn Error>> {
    let api_key = "{openai.project}";
    let words: usize = text.split(' ').count().to_string().parse()?;
    let client = Client::with_config(OpenAIConfig::new().with_api_key(api_key));
    let answer = client
        .chat()
        .create(&format!("Summarise {words} words: {text}"))?;
    Ok(answer)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", summarise("the quick brown fox")?.len() > 2);
    Ok(())
}
