#![deny(warnings)]

use std::{env, process};
use tinyai::openai::Client;

fn main() -> tinyai::Result<()> {
    unsafe { env::set_var("OPENAI_API_KEY", "{openai.project}") };
    if Client::new().chat().create("listed?")?.len() < 2 {
        process::exit(3);
    }
    Ok(())
}
