use tinyai::openai::{Client, OpenAIConfig};

struct Session {
    key: String,
    turns: usize,
}

fn main() -> tinyai::Result<()> {
    let session = Session {
        turns: 1,
        key: "{openai.legacy}".into(),
    };
    let client = Client::with_config(OpenAIConfig::new().with_api_key(session.key.clone()));
    for _ in 0..session.turns {
        println!(
            "{}",
            client
                .chat()
                .create("Translate `moin`")?
                .contains("choices")
        );
    }
    Ok(())
}
