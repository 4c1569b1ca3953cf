#!/usr/bin/env bash
# Passes all tests on a fresh machine: installs what they need (pinned, into the user's cache), then runs them.
#
# Needs Rust, gcc, git, Python 3.11 or newer and, for the browser, apt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tests/real/install.sh
cargo test --locked --quiet
# Without the clients of the stores, which take minutes to optimise and have no part in a check.
# The packages of the long tests hold this very build.
cargo build --locked --release --quiet --no-default-features
cargo test --locked --quiet --test journeys -- --test-threads=2
tests/speed.py target/release/aikeys-lsp
tests/real/server_speed.py target/release/aikeys-lsp
