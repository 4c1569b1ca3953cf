use tinyai::providers::groq;

struct Account<'a> {
    key: &'a str,
}

impl<'a> Account<'a> {
    fn new(key: &'a str) -> Self {
        Account { key }
    }
}

fn main() -> tinyai::Result<()> {
    let account = Account::new("{groq.api}");
    println!("{}", groq::Client::new(account.key).ask("Kept?")?.len() > 2);
    Ok(())
}
