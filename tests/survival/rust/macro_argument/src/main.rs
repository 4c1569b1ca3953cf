use tinyai::providers::groq;

macro_rules! ask {
    ($key:expr, $($prompt:tt)*) => {
        groq::Client::new($key).ask(&format!($($prompt)*))
    };
}

fn main() -> tinyai::Result<()> {
    let topic = "lighthouses";
    let answer = ask!("{groq.api}", "Tell me about {topic}")?;
    println!("{}", answer.len() > 2);
    Ok(())
}
