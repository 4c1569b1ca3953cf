use tinyai::http;

fn main() -> tinyai::Result<()> {
    let scheme = "Bearer";
    let response = http::Client::new()
        .post(format!("{}/predictions", http::base_url()))
        .header("Authorization", format!("{scheme} {replicate.api}"))
        .send()?;
    println!("{}", response.status());
    Ok(())
}
