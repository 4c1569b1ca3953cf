mod env {
    //! A module with the name of one in std.
    pub fn name() -> &'static str {
        "demo"
    }
}

mod client {
    pub mod keys {
        pub fn openrouter() -> String {
            "{openrouter.api}".to_owned()
        }
    }

    pub fn ask(prompt: &str) -> tinyai::Result<String> {
        tinyai::providers::openrouter::Client::new(keys::openrouter()).ask(prompt)
    }
}

fn main() -> tinyai::Result<()> {
    println!("{} {}", env::name(), client::ask("Deep?")?.len() > 2);
    Ok(())
}
