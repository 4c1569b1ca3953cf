use std::collections::HashMap;
use tinyai::http;

fn main() -> tinyai::Result<()> {
    let headers = HashMap::from([
        ("Authorization", "Bearer {openai.project}"),
        ("X-Title", "demo"),
    ]);
    let mut request = http::Client::new().post(http::base_url() + "/chat/completions");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    println!("{}", request.send()?.status());
    Ok(())
}
