use tinyai::anthropic::Client;

fn worker(key: &'static str) -> tinyai::Result<String> {
    Client::new(key).ask("static?")
}

fn name() -> &'static str {
    let key = "{anthropic.api}";
    println!("{}", key.len() > 10);
    key
}

fn main() -> tinyai::Result<()> {
    let key = "{anthropic.api}";
    let thread = std::thread::spawn(move || Client::new(key).ask("thread?").is_ok());
    println!("{}", thread.join().unwrap_or(false));
    println!("{}", Client::new(name()).ask("name?")?.len() > 2);
    println!("{}", worker("{anthropic.api}")?.len() > 2);
    let mine = "{anthropic.api}";
    println!("{}", worker(mine)?.len() > 2);
    Ok(())
}
