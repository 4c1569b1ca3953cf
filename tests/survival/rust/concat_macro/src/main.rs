use tinyai::http;

fn main() -> tinyai::Result<()> {
    let header = concat!("Bearer ", "{huggingface.user}");
    let response = http::Client::new()
        .post(http::base_url() + "/models/tiny")
        .header("Authorization", header)
        .send()?;
    println!("{}", response.status());
    Ok(())
}
