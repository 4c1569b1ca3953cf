use tinyai::anthropic::Client;

fn anthropic_api_key() -> &'static str {
    "{anthropic.api}"
}

fn main() -> tinyai::Result<()> {
    let client = Client::new(anthropic_api_key());
    println!("{}", client.ask("Name a prime")?.len() > 2);
    Ok(())
}
