use tinyai::http;
use tinyai::providers::groq;

const GROQ_API_KEY: &str = "{groq.api}";

struct Account<'a> {
    key: &'a str,
}

fn is_usable(key: &str) -> bool {
    !key.is_empty() && key.is_ascii()
}

fn main() -> tinyai::Result<()> {
    if !is_usable(GROQ_API_KEY) || GROQ_API_KEY.len() < 20 {
        return Err(tinyai::Error("no usable key".to_owned()));
    }
    let account = Account { key: GROQ_API_KEY };
    let first = groq::Client::new(account.key).ask("one")?;
    let second = groq::Client::new(GROQ_API_KEY).ask("two")?;
    let third = http::Client::new()
        .post(http::base_url() + "/chat/completions")
        .header("Authorization", format!("Bearer {}", GROQ_API_KEY))
        .send()?;
    println!(
        "{} {} {}",
        first.len() > 2,
        second.len() > 2,
        third.status()
    );
    Ok(())
}
