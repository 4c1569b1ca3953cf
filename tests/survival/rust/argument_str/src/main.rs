use tinyai::anthropic;

fn main() -> tinyai::Result<()> {
    let client = anthropic::Client::new("{anthropic.api}");
    println!(
        "{}",
        client.ask("Summarise: rain, rain, sun")?.contains("text")
    );
    Ok(())
}
