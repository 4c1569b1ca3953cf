use tinyai::openai::{Client, OpenAIConfig};

fn main() -> tinyai::Result<()> {
    let base =
        std::env::var("OPENAI_BASE_URL").map_err(|error| tinyai::Error(error.to_string()))?;
    let client = Client::with_config(
        OpenAIConfig::new()
            .with_api_base(base)
            .with_api_key("{openai.project}"), // project key of the demo
    );
    println!("{}", client.chat().create("ping")?.contains("assistant"));
    Ok(())
}
