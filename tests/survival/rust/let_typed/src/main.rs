use tinyai::providers::groq;

fn main() -> Result<(), tinyai::Error> {
    let question: &str = "What is a monad?";
    let api_key: &str = "{groq.api}";

    let client = groq::Client::new(api_key);
    for round in 1..=2 {
        let answer = client.ask(question)?;
        println!("round {round}: {}", answer.contains("content"));
        if round == 1 {
            break;
        }
    }
    Ok(())
}
