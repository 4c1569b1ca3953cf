use tinyai::providers::openrouter;

fn main() -> tinyai::Result<()> {
    let mut api_key = String::from("{openrouter.api}");
    api_key.shrink_to_fit();
    let client = openrouter::Client::new(&api_key);
    println!("{}", client.ask("One fact about otters, please")?.len() > 2);
    Ok(())
}
