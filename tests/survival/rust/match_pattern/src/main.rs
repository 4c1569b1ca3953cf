use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    let given = std::env::args().nth(1).unwrap_or_default();
    match given.as_str() {
        "{groq.api}" => println!(
            "{}",
            groq::Client::new(&given).ask("Am I the one?")?.len() > 2
        ),
        _ => println!("another key"),
    }
    Ok(())
}
