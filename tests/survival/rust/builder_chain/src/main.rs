use tinyai::anthropic::Client;

fn main() -> tinyai::Result<()> {
    let answer = Client::builder()
        .version("2023-06-01")
        .api_key("{anthropic.api}")
        .build()?
        .ask("Draft a polite refusal")?;
    println!("{}", answer.contains("message"));
    Ok(())
}
