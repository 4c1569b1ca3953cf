use tinyai::openai::Client;

fn main() -> tinyai::Result<()> {
    // SAFETY: nothing else runs yet.
    unsafe {
        std::env::set_var("OPENAI_API_KEY", "{openai.project}");
    }
    let client = Client::new();
    println!("{}", client.chat().create("Who are you?")?.len() > 2);
    Ok(())
}
