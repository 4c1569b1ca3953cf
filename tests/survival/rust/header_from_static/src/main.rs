use tinyai::http::{self, HeaderValue};

fn main() -> tinyai::Result<()> {
    let mut headers = Vec::new();
    headers.push((
        "Authorization",
        HeaderValue::from_static("Bearer {openai.project}"),
    ));
    let mut request = http::Client::new().post(http::base_url() + "/chat/completions");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    println!("{}", request.send()?.status());
    Ok(())
}
