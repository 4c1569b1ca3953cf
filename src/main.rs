//! Arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    aikeys::cli::main(aikeys::lsp::serve)
}
