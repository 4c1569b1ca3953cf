use tinyai::http::{self, Client};

fn main() -> tinyai::Result<()> {
    let client = Client::new();
    let request = client
        .post(format!("{}/chat/completions", http::base_url()))
        .bearer_auth("{xai.api}");
    let response = request.body("{\"messages\":[]}").send()?;
    println!("{}", response.status() == 200);
    Ok(())
}
