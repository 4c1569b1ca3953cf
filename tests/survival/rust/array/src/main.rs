use tinyai::providers::Chat;

fn main() -> tinyai::Result<()> {
    let keys = ["{groq.api}", "{openrouter.api}"];
    for key in keys {
        println!("{}", Chat::new(key).ask("Which one are you?")?.len() > 2);
    }
    Ok(())
}
