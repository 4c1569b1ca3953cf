//! Long tests: real programs, and all rounds of what `cargo test` does a part of.
//!
//! `cargo test --test journeys`, or all of them by `tests/run.sh`. A plain `cargo test` leaves them out, so that it stays
//! under a minute.

mod accounts;
mod leaks;
mod loss;
mod packages;
mod pipelines;
mod real;
#[cfg(all(feature = "verify", debug_assertions))]
mod rotated;
#[cfg(all(feature = "verify", debug_assertions))]
mod rotation;
mod stores;
#[expect(dead_code, reason = "`tests` uses all of it")]
mod support;
mod survival;
mod workflows;

/// Of the server's tests only the client, and of that a part.
#[expect(dead_code, reason = "`tests` uses all of it")]
mod lsp {
    pub(crate) mod client;
}

/// One round in so many.
const PART: usize = 1;
