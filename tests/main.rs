//! The one test binary. All data: see README.md.

mod grammars;
mod lsp;
mod rules;
mod support;
mod tidy;
