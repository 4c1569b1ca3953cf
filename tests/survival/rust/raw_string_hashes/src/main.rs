use tinyai::anthropic::Client;

fn main() -> tinyai::Result<()> {
    let client = Client::new(r#"{anthropic.api}"#);
    println!("{}", client.ask(r#"Say "hi""#)?.len() > 2);
    Ok(())
}
