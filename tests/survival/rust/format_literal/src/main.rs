use tinyai::http;

#[allow(clippy::useless_format)]
fn main() -> tinyai::Result<()> {
    let authorization = format!("Bearer {groq.api}");
    let response = http::Client::new()
        .post(http::base_url() + "/chat/completions")
        .header("Authorization", authorization)
        .send()?;
    println!("{}", response.status());
    Ok(())
}
