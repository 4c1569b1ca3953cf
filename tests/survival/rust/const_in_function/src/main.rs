use tinyai::anthropic::Client;

fn client() -> Client {
    const KEY: &str = "{anthropic.api}";
    Client::new(KEY)
}

fn main() -> tinyai::Result<()> {
    println!("{}", client().ask("Is it late?")?.len() > 2);
    Ok(())
}
