use tinyai::providers::Chat;

fn main() -> tinyai::Result<()> {
    let keys: Vec<String> = vec!["{cerebras.api}".to_string(), String::from("{groq.api}")];
    let answers: Vec<_> = keys
        .iter()
        .map(|key| Chat::new(key).ask("hi"))
        .collect::<Result<_, _>>()?;
    println!("{}", answers.len());
    Ok(())
}
