use tinyai::http;

fn token(anonymous: bool) -> String {
    if anonymous {
        return String::new();
    }
    return "{huggingface.user}".to_string();
}

fn main() -> tinyai::Result<()> {
    let response = http::Client::new()
        .post(http::base_url() + "/models/tiny")
        .bearer_auth(token(false))
        .send()?;
    println!("{}", response.status());
    Ok(())
}
