use tinyai::http::{self, HeaderValue};

fn main() -> tinyai::Result<()> {
    let value = HeaderValue::from_bytes(b"{anthropic.api}")?;
    let response = http::Client::new()
        .post(http::base_url() + "/messages")
        .header("x-api-key", value)
        .send()?;
    println!("{}", response.status());
    Ok(())
}
