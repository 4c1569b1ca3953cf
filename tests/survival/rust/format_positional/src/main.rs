use tinyai::http;

fn main() -> tinyai::Result<()> {
    let scheme = "Bearer";
    let value = format!("{} {openrouter.api}", scheme);
    let status = http::Client::new()
        .post(http::base_url() + "/chat/completions")
        .header("Authorization", &value)
        .send()?
        .status();
    println!("{status}");
    Ok(())
}
