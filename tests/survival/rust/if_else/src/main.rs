use tinyai::providers::openrouter;

fn main() -> tinyai::Result<()> {
    let offline = std::env::args().any(|argument| argument == "--offline");
    let key = if offline { "" } else { "{openrouter.api}" };
    if key.is_empty() {
        println!("offline");
        return Ok(());
    }
    println!(
        "{}",
        openrouter::Client::new(key).ask("Pick a model")?.len() > 2
    );
    Ok(())
}
