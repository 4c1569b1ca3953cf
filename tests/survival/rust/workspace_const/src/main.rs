use keys::GROQ_API_KEY;
use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    println!("{}", groq::Client::new(GROQ_API_KEY).ask("Whose?")?.len() > 2);
    Ok(())
}
