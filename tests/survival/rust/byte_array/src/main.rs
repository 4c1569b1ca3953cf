use tinyai::http::{self, HeaderValue};

fn length(key: &[u8; 109]) -> usize {
    key.len()
}

fn send(key: &[u8]) -> tinyai::Result<()> {
    let response = http::Client::new()
        .post(http::base_url() + "/messages")
        .header("x-api-key", HeaderValue::from_bytes(key)?)
        .send()?;
    println!("{}", response.status());
    Ok(())
}

const KEY: &[u8] = b"{anthropic.api}";

fn main() -> tinyai::Result<()> {
    let array = *b"{anthropic.api}";
    let sized: &[u8; 109] = b"{anthropic.api}";
    let bytes = c"{anthropic.api}".to_bytes();
    println!("{}", length(sized) == length(b"{anthropic.api}"));
    send(&array)?;
    send(sized)?;
    send(KEY)?;
    send(bytes)
}
