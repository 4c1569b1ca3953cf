use tinyai::anthropic::Client;

static API_KEY: &str = "{anthropic.api}";

fn main() -> tinyai::Result<()> {
    let client = Client::new(API_KEY);
    println!("{}", client.ask("Describe a dog")?.len() > 2);
    Ok(())
}
