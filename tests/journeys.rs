//! Long tests against real programs: `cargo test --test journeys`, or all of them by `tests/run.sh`.
//!
//! A plain `cargo test` leaves them out, so that it stays under a minute.

mod real;
mod survival;
