use tinyai::providers::groq;

fn api_key() -> String {
    match std::env::var("GROQ_API_KEY") {
        Ok(key) => key,
        Err(_) => "{groq.api}".to_string(),
    }
}

fn main() -> tinyai::Result<()> {
    println!(
        "{}",
        groq::Client::new(api_key()).ask("Still there?")?.len() > 2
    );
    Ok(())
}
