use tinyai::providers::groq;

macro_rules! client {
    ($key:literal) => {
        groq::Client::new($key)
    };
}

fn main() -> tinyai::Result<()> {
    println!("{}", client!("{groq.api}").ask("Only literals?")?.len() > 2);
    Ok(())
}
