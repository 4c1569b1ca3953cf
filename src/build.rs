//! Before the compiler: the providers as JSON, which a program reads at its start in a tenth of the time of TOML.

use std::path::Path;
use std::{env, fs};

const PROVIDERS: &str = "src/secrets/providers.toml";

fn main() {
    println!("cargo::rerun-if-changed={PROVIDERS}");
    let text = fs::read_to_string(PROVIDERS).expect("the catalogue is there");
    let table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{PROVIDERS}: {error}"));
    let json = serde_json::to_string(&table).expect("a table has no other keys than strings");
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join("providers.json"), json).expect("cargo made the folder");
}
