#!/usr/bin/env bash
# Passes all tests on a fresh machine: installs what they need (pinned, into the user's cache), then runs them.
#
# Needs Rust, gcc, git, Python 3.11 or newer and, for the browser, apt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The network and the compiler can work at the same time.
tests/real/install.sh &
installing=$!
trap 'kill "$installing" 2>/dev/null || true' EXIT
cargo test --locked --quiet --no-run
# Without the clients of the stores, which take minutes to optimise and have no part in a check.
# The packages of the long tests hold this very build.
cargo build --locked --release --quiet --no-default-features
wait "$installing"
trap - EXIT

cargo test --locked --quiet
cargo test --locked --quiet --test journeys -- --test-threads=2
tests/speed.py target/release/aikeys-lsp
tests/real/server_speed.py target/release/aikeys-lsp

# What this machine could not have.
for reason in "${XDG_CACHE_HOME:-$HOME/.cache}"/aikeys-lsp-tests/absent/*; do
    [[ ! -f $reason ]] || echo "NOT TESTED: $(<"$reason")"
done
