//! Asks one question and prints the answer's length.

use tinyai::anthropic::Client;

fn main() {
    let api_key = "{anthropic.api}";
    let client = Client::new(api_key);
    let answer = client.ask("Name three rivers.").expect("no answer");
    println!("{} bytes", answer.len());
}
