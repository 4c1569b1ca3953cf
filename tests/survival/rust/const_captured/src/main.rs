use tinyai::http;

const PERPLEXITY_API_KEY: &str = "{perplexity.api}";

fn main() -> tinyai::Result<()> {
    let authorization = format!("Bearer {PERPLEXITY_API_KEY}");
    let response = http::Client::new()
        .post(http::base_url() + "/chat/completions")
        .header("Authorization", authorization)
        .send()?;
    println!("{}", response.status());
    Ok(())
}
