use tinyai::{anthropic, openai};

fn main() -> tinyai::Result<()> {
    let prompt = "Which of you is older?";
    let claude = anthropic::Client::new("{anthropic.api}").ask(prompt)?;
    let config = openai::OpenAIConfig::new().with_api_key("{openai.project}");
    let gpt = openai::Client::with_config(config).chat().create(prompt)?;
    println!("{} {}", claude.len() > 2, gpt.len() > 2);
    Ok(())
}
