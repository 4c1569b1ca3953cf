use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    let client = groq::Client::new("{groq.api}");
    dotenvy::dotenv().ok();
    let prompt = std::env::var("PROMPT").unwrap_or_else(|_| "Late?".to_owned());
    println!("{}", client.ask(&prompt)?.len() > 2);
    Ok(())
}
