use tinyai::http::{Client, base_url};

fn main() -> tinyai::Result<()> {
    let response = Client::new()
        .post(format!("{}/models/tiny", base_url()))
        .header("Authorization", "Bearer {huggingface.user}")
        .body(r#"{"inputs":"hello"}"#)
        .send()?;
    println!("{}", response.status());
    Ok(())
}
