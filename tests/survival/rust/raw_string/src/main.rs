use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    let key = r"{groq.api}";
    println!("{}", groq::Client::new(key).ask("raw?")?.len() > 2);
    Ok(())
}
