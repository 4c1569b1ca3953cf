use tinyai::providers::mistral;

const MISTRAL_API_KEY: &str = "{mistral.api}";

fn main() -> tinyai::Result<()> {
    let client = mistral::Client::new(MISTRAL_API_KEY);
    println!("{}", client.ask("Quel temps fait-il ?")?.len() > 2);
    Ok(())
}
