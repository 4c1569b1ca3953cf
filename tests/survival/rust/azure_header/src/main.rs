use tinyai::http;

fn main() -> tinyai::Result<()> {
    let deployment = "gpt-4o-mini";
    let response = http::Client::new()
        .post(format!(
            "{}/openai/deployments/{deployment}/chat/completions",
            http::base_url()
        ))
        .header("api-key", "{azure-openai.cask}")
        .body("{\"messages\":[]}")
        .send()?
        .error_for_status()?;
    println!("{}", response.text().contains("choices"));
    Ok(())
}
