use tinyai::{anthropic, providers::groq};

enum Provider {
    Groq,
    Anthropic,
}

impl Provider {
    fn api_key(&self) -> &'static str {
        match self {
            Provider::Groq => "{groq.api}",
            Provider::Anthropic => "{anthropic.api}",
        }
    }

    fn ask(&self, prompt: &str) -> tinyai::Result<String> {
        match self {
            Provider::Groq => groq::Client::new(self.api_key()).ask(prompt),
            Provider::Anthropic => anthropic::Client::new(self.api_key()).ask(prompt),
        }
    }
}

fn main() -> tinyai::Result<()> {
    for provider in [Provider::Groq, Provider::Anthropic] {
        println!("{}", provider.ask("Compare yourselves")?.len() > 2);
    }
    Ok(())
}
