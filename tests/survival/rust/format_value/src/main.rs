use tinyai::http;

fn main() -> tinyai::Result<()> {
    let header = format!("Bearer {}", "{together.v1}");
    let response = http::Client::new()
        .post(http::base_url() + "/chat/completions")
        .header("Authorization", header)
        .send()?;
    println!("{}", response.status());
    Ok(())
}
