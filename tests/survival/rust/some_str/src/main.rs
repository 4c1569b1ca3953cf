use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    let client = groq::Client::from_option(Some("{groq.api}"));
    match client {
        Some(client) => println!("{}", client.ask("Any news?")?.len() > 2),
        None => println!("no key, no answer"),
    }
    Ok(())
}
