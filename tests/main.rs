//! The one test binary. All data: see README.md.

mod cli;
mod corpus;
mod grammars;
mod leaks;
mod loss;
mod lsp;
mod readers;
#[cfg(all(feature = "verify", debug_assertions))]
mod rotation;
mod rules;
mod support;
mod tidy;
#[cfg(feature = "verify")]
mod verify;

/// The long tests do one round in so many here, and all of them in `journeys.rs`.
const PART: usize = 16;
