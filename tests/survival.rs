//! Programs run before and after the move, and must send the same key.
//!
//! The corpus is data: one folder per program below `tests/survival/python`, `node`, `bash`, `notebook` and `rust`
//! (its `README.md` tells how to add one). Keys stand there as `{shape.id}` and are generated here. Each
//! program talks to a stand-in on the loopback interface that hashes the key it receives.
//!
//! `SURVIVAL_ONLY=text` runs only the programs whose name holds that text; `SURVIVAL_STORE=env` or
//! `=local` runs only that store. The closing line says so.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this test lays workspaces, starts programs and listens on a socket"
)]

#[path = "survival/corpus.rs"]
mod corpus;
#[path = "survival/journey.rs"]
mod journey;
#[path = "survival/process.rs"]
mod process;
#[path = "survival/report.rs"]
mod report;
#[path = "survival/rust.rs"]
mod rust;
#[path = "survival/scripts.rs"]
mod scripts;
#[path = "survival/settings.rs"]
mod settings;
#[path = "survival/standin.rs"]
mod standin;
#[path = "survival/stores.rs"]
mod stores;

use anyhow::Result;

#[test]
fn python_programs_survive_the_move() {
    // These through every store.
    let through = stores::Servers::start();
    passes(through.and_then(|servers| scripts::run_through(&scripts::PYTHON, &|case| servers.of(case))?.close(34)));
}

#[test]
fn node_programs_survive_the_move() {
    passes(scripts::run(&scripts::NODE).and_then(|report| report.close(20)));
}

#[test]
fn bash_scripts_survive_the_move() {
    passes(scripts::run(&scripts::BASH).and_then(|report| report.close(50)));
}

#[test]
fn notebooks_survive_the_move() {
    passes(scripts::run(&scripts::NOTEBOOK).and_then(|report| report.close(16)));
}

#[test]
fn rust_programs_survive_the_move() {
    passes(rust::run().and_then(|report| report.close(26)));
}

#[test]
fn settings_survive_the_move() {
    passes(settings::run().and_then(|report| report.close(25)));
}

fn passes(result: Result<()>) {
    if let Err(error) = result {
        panic!("{error:#}");
    }
}
