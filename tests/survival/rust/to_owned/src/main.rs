use tinyai::anthropic::Client;

fn main() -> tinyai::Result<()> {
    let anthropic_api_key = "{anthropic.api}".to_owned();
    let worker = std::thread::spawn(move || {
        let client = Client::new(&anthropic_api_key);
        client.ask("Write a limerick")
    });
    let answer = worker.join().expect("the worker panicked")?;
    println!("{}", answer.len() > 10);
    Ok(())
}
