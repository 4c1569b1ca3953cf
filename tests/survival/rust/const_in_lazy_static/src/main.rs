use std::sync::LazyLock;

use tinyai::providers::groq;

const GROQ_API_KEY: &str = "{groq.api}";
static KEY: LazyLock<String> = LazyLock::new(|| GROQ_API_KEY.to_owned());

fn main() -> tinyai::Result<()> {
    println!("{}", groq::Client::new(KEY.as_str()).ask("Late?")?.len() > 2);
    Ok(())
}
