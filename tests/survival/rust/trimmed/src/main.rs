use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    let key = "{groq.api}".trim();
    println!("{}", groq::Client::new(key).ask("Trimmed?")?.len() > 2);
    Ok(())
}
