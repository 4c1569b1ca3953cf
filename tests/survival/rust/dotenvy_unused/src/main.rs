//! dotenvy was added once and then forgotten.

use tinyai::anthropic::Client;

fn main() -> tinyai::Result<()> {
    let client = Client::new("{anthropic.api}");
    println!("{}", client.ask("Forgotten?")?.len() > 2);
    Ok(())
}
