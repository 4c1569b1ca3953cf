//! Plays the AI crates of Rust: the signatures are those that programs meet in async-openai, rig and
//! reqwest, the wire is HTTP/1.1 over a plain socket. It keeps the test programs quick to compile.

pub mod anthropic;
pub mod http;
pub mod openai;
pub mod providers;

/// What an SDK call gives back when it fails.
#[derive(Debug)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error(error.to_string())
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

pub type Result<T> = std::result::Result<T, Error>;
