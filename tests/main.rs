//! The one test binary. All data: see README.md.

mod grammars;
mod rules;
mod support;
mod tidy;
