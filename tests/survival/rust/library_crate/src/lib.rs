//! A small library that the program beside it uses.

use tinyai::providers::groq;

/// Asks the model that is set up here.
pub fn ask(prompt: &str) -> tinyai::Result<String> {
    groq::Client::new("{groq.api}").ask(prompt)
}
