use tinyai::providers::groq::Client;

fn answer<K: AsRef<str>>(key: K, prompt: &str) -> tinyai::Result<usize> {
    Ok(Client::new(key.as_ref()).ask(prompt)?.len())
}

fn main() -> tinyai::Result<()> {
    let length = answer("{groq.api}", "Why is the sky blue?")?;
    println!("{}", length > 0);
    Ok(())
}
