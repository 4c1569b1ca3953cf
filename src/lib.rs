#![doc = include_str!("README.md")]
#![warn(missing_docs, rustdoc::broken_intra_doc_links)]

// The core: pure, total, deterministic.
#[deny(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod text;

#[deny(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod syntax;

#[deny(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod secrets;

#[deny(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod fixes;

#[deny(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod rules;

// The shell: the only code that can fail.
pub mod project;

pub mod stores;

pub mod moves;

pub mod verify;

pub mod accounts;

pub mod checks;

pub mod inventory;

pub mod incident;

pub mod rotation;

pub mod cli;

pub mod lsp;
