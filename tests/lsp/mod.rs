//! The language server: its state without a transport, and the real program with a small client.

mod bad_clients;
mod baseline;
pub(crate) mod client;
mod everything;
mod haste;
mod notebooks;
mod organisation;
mod places;
pub(crate) mod project;
mod session;
mod speed;
mod stdio;
mod stores;
mod text;
