use tinyai::providers::Chat;

fn main() -> tinyai::Result<()> {
    let table: &[(&str, &str)] = &[("groq", "{groq.api}"), ("openai", "{openai.project}")];
    for (name, key) in table {
        let answer = Chat::new(key).ask(name)?;
        println!("{name}: {}", answer.len() > 2);
    }
    Ok(())
}
