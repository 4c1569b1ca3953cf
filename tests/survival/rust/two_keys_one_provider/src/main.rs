use tinyai::providers::groq::Client;

fn main() -> tinyai::Result<()> {
    let first = Client::new("{groq.api}").ask("left")?;
    let second = Client::new("{groq.api#2}").ask("right")?;
    println!("{} {}", first.len() > 2, second.len() > 2);
    Ok(())
}
