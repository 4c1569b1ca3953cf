//! `run` while it watches a program: signals, readers that do not read, processes that are left behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::machine::Machine;

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write(".env", "SOME_API_KEY=abcdefgh\n");
    machine
}

fn started(machine: &Machine, arguments: &[&str]) -> Child {
    let mut command = machine.command(Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")), arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts")
}

/// The exit code, within a few seconds.
fn ends(child: &mut Child) -> Option<i32> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(8) {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it is killed");
    panic!("it does not end");
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill").success());
}

#[test]
fn a_process_that_is_left_behind_is_not_waited_for() {
    let machine = machine();
    let said =
        machine.ours(&["run", "--mask", "--", "sh", "-c", "sleep 9 2>&1 & printf '%s abc' $SOME_API_KEY; exit 3"]);
    assert_eq!((said.code, said.text.as_str()), (Some(3), "<SOME_API_KEY> abc"));
    assert!(said.took < Duration::from_secs(5), "{:?}", said.took);
}

#[test]
fn signals_end_a_program_whose_output_nobody_reads() {
    let machine = machine();
    let mut child = started(&machine, &["run", "--mask", "--", "yes"]);
    std::thread::sleep(Duration::from_millis(500));
    signal(&child, "-TERM");
    assert_eq!(ends(&mut child), Some(128 + 15));
}

#[test]
fn what_another_process_sends_reaches_the_program() {
    use std::os::unix::process::CommandExt;
    let machine = machine();
    for mask in [&["run"][..], &["run", "--mask"]] {
        // `wait` can miss what is sent right before it.
        let script = "trap 'exit 5' INT; touch ready; while :; do sleep 0.1; done";
        // Whoever starts the tests in the background ignores the signal for all of them.
        let program = ["--default-signal=INT", env!("CARGO_BIN_EXE_aikeys-lsp")];
        let arguments = [&program, mask, &["--", "sh", "-c", script]].concat();
        let mut command = machine.command(Path::new("env"), &arguments);
        // Not in front of a terminal.
        let mut child = command.process_group(0).stdin(Stdio::null()).spawn().expect("it starts");
        while !machine.project().join("ready").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::fs::remove_file(machine.project().join("ready")).expect("a file");
        signal(&child, "-INT");
        assert_eq!(ends(&mut child), Some(5), "{mask:?}");
    }
}
