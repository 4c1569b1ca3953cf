use std::collections::HashMap;
use tinyai::{anthropic, providers::groq};

fn main() -> tinyai::Result<()> {
    let mut keys: HashMap<&str, String> = HashMap::new();
    keys.insert("groq", "{groq.api}".to_string());
    keys.insert("anthropic", "{anthropic.api}".to_string());

    println!("{}", groq::Client::new(&keys["groq"]).ask("a")?.len() > 2);
    println!(
        "{}",
        anthropic::Client::new(&keys["anthropic"]).ask("b")?.len() > 2
    );
    Ok(())
}
