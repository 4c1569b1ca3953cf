use dotenvy::dotenv;
use tinyai::providers::groq;

const GROQ_API_KEY: &str = "{groq.api}";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _ = dotenv();
    let client = groq::Client::new(GROQ_API_KEY);
    println!("{}", client.ask("const or not?")?.len() > 2);
    Ok(())
}
