use tinyai::anthropic::Client;

struct Settings {
    model: &'static str,
    api_key: &'static str,
}

fn main() -> tinyai::Result<()> {
    let settings = Settings {
        model: "claude-small",
        api_key: "{anthropic.api}",
    };
    let answer = Client::new(settings.api_key).ask(settings.model)?;
    println!("{}", answer.len() > 2);
    Ok(())
}
