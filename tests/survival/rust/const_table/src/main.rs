use tinyai::providers::Chat;

const KEYS: &[(&str, &str)] = &[("groq", "{groq.api}"), ("openrouter", "{openrouter.api}")];

fn main() -> tinyai::Result<()> {
    for (name, key) in KEYS {
        println!("{name}: {}", Chat::new(key).ask("table?")?.len() > 2);
    }
    Ok(())
}
