//! The one test binary. All data: see README.md.

mod cli;
mod grammars;
mod leaks;
mod loss;
mod lsp;
mod rules;
mod support;
mod tidy;
