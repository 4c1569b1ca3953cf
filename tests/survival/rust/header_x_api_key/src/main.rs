use tinyai::http;

const VERSION: &str = "2023-06-01";

fn main() -> tinyai::Result<()> {
    let url = http::base_url() + "/messages";
    let response = http::Client::new()
        .post(&url)
        .header("anthropic-version", VERSION)
        .header("x-api-key", "{anthropic.api}")
        .body("{}")
        .send()?
        .error_for_status()?;
    println!("{}", response.text().len() > 2);
    Ok(())
}
