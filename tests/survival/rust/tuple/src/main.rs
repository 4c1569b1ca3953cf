use tinyai::providers::groq;

fn main() -> tinyai::Result<()> {
    let (model, api_key) = ("llama-small", "{groq.api}");
    let answer = groq::Client::new(api_key).ask(model)?;
    println!("{}", answer.contains("choices"));
    Ok(())
}
