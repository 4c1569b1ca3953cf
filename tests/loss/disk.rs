//! Disks that are full, and places that cannot be written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use super::stage::{Env, Stage, Store, is_root, room, said};
use super::{at_home, say, stage};
use crate::PART;

/// A test in a namespace of its own: its mounts go when it ends, however it ends.
const UNSHARED: &str = "exec unshare --mount \"$@\"";
/// The size of a page: what a file in memory grows by.
const PAGE: usize = 4096;
/// More free pages than a move ever needs (measured: 14).
const MOST_PAGES: usize = 40;

/// Mounts can be made here.
fn can_mount() -> bool {
    let room = room();
    let script = "mount -t tmpfs none \"$0\" && mount --bind \"$0\" \"$0\"";
    let mut try_it = Command::new("unshare");
    try_it.args(["--mount", "sh", "-c", script]).arg(room.path());
    is_root() && try_it.output().is_ok_and(|it| it.status.success())
}

fn mount(arguments: &[&str], place: &Path) {
    let output = Command::new("mount").args(arguments).arg(place).output().expect("mount runs");
    assert!(output.status.success(), "mount {arguments:?}: {}", said(&output));
}

fn unmount(place: &Path) {
    let output = Command::new("umount").arg(place).output().expect("umount runs");
    assert!(output.status.success(), "umount: {}", said(&output));
}

/// `.env` ends shortly before the end of a page, so that a line of ours is only written in part.
fn fill_page(stage: &mut Stage) {
    let line = format!("# {}\n", "x".repeat(PAGE - 20 - 3 - stage.foreign.len()));
    stage.foreign.insert_str(0, &line);
    fs::write(stage.path(".env"), &stage.foreign).expect("a file");
}

fn moved(output: &Output) -> bool {
    output.status.code() == Some(0)
}

#[test]
fn a_full_disk() {
    if !can_mount() {
        say("loss: NO FULL DISK WAS TRIED: mounting takes root; limits on file sizes were tried");
        return;
    }
    if !at_home("loss::disk::a_full_disk", UNSHARED) {
        return;
    }
    let started = Instant::now();
    let (mut full, mut enough) = (0, 0);
    let variants =
        [(Env::Plain, Store::Env), (Env::Missing, Store::Env), (Env::Waiting, Store::Env), (Env::Plain, Store::Local)];
    for (env, store) in variants.into_iter().step_by(PART) {
        for free in 0..MOST_PAGES {
            let room = room();
            let place = room.path().to_owned();
            mount(&["-t", "tmpfs", "-o", "size=4m", "none"], &place);
            let mut stage = Stage::in_folder(room, env, store, &[("app.py", APP), ("jobs/b.py", OTHER)]);
            stage.versions.values_mut().for_each(Vec::clear);
            if env == Env::Plain {
                fill_page(&mut stage);
            }
            let filler = place.join("filler");
            let left = rustix::fs::statvfs(&place).expect("a disk").f_bavail as usize;
            fs::write(&filler, vec![0; (left - free) * PAGE]).expect("there is room");
            let output = stage.fix().output().expect("aikeys-lsp runs");
            stage.check();
            full += usize::from(!moved(&output));
            fs::remove_file(&filler).expect("it is there");
            stage.finish();
            unmount(&place);
            if moved(&output) {
                enough += 1;
                break;
            }
        }
    }
    assert_eq!(enough, variants.len().div_ceil(PART), "in every variant some room is enough");
    assert!(full * PART >= 8, "the disk was only full {full} times");
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("loss: the disk was full {full} times (a real one: a tmpfs of pages), {seconds:.1} s"));
}

const APP: &str = "key = \"{openai.project#1}\"\nother = \"{groq.api#2}\"\n";
const OTHER: &str = "key = \"{openai.project#1}\"\nthird = \"{anthropic.api#3}\"\n";

#[test]
fn files_that_may_not_grow() {
    if !at_home("loss::disk::files_that_may_not_grow", "exec \"$@\"") {
        return;
    }
    let (mut stopped, mut killed) = (0, 0);
    let variants = [(Env::Plain, Store::Env), (Env::Missing, Store::Env), (Env::Waiting, Store::Local)];
    for (env, store) in variants.into_iter().step_by(PART) {
        // A block is 512 bytes. Without `trap` the system kills who writes more.
        for (blocks, trap) in
            [0, 1, 3, 7, 8, 9].into_iter().flat_map(|blocks| [(blocks, "trap '' XFSZ;"), (blocks, "")])
        {
            let mut stage = Stage::of(&[("app.py", APP), ("jobs/b.py", OTHER)], env, store);
            stage.versions.values_mut().for_each(Vec::clear);
            if env == Env::Plain {
                fill_page(&mut stage);
            }
            let fix = stage.fix();
            let mut limited = stage.ours(&[]);
            let script = format!("{trap} ulimit -f {blocks}; exec \"$@\"");
            limited = {
                let mut shell = Command::new("sh");
                shell.args(["-c", &script, "sh"]).arg(limited.get_program()).args(fix.get_args());
                shell.current_dir(stage.root());
                shell
            };
            let output = limited.output().expect("aikeys-lsp runs");
            stage.check();
            stopped += usize::from(output.status.code().is_some_and(|code| code != 0));
            killed += usize::from(output.status.code().is_none());
            stage.finish();
        }
    }
    assert!(stopped * PART >= 5 && killed * PART >= 10, "the limit was hit {stopped} times, and killed {killed} times");
    say(&format!("loss: {stopped} moves met a limit on file sizes, {killed} were killed by it"));
}

#[test]
fn read_only_by_mode() {
    if !at_home("loss::disk::read_only_by_mode", "exec \"$@\"") {
        return;
    }
    for (env, store) in [(Env::Plain, Store::Env), (Env::Plain, Store::Local)].into_iter().step_by(PART) {
        for name in ["app.py", "old.py", ".env"] {
            let (mut stage, _) = stage(env, store);
            let before = stage.read(name);
            let mode = fs::metadata(stage.path(name)).expect("it is there").permissions();
            fs::set_permissions(stage.path(name), fs::Permissions::from_mode(0o444)).expect("it is ours");
            let output = stage.fix().output().expect("aikeys-lsp runs");
            let said = stage.shown(&output);
            assert!(output.status.code().is_some_and(|code| code > 0) && said.contains("read-only"), "{said}");
            assert_eq!(stage.read(name), before, "{name} is read-only");
            if name == "old.py" {
                let own = aikeys::secrets::sample("replicate.api", 5).expect("a shape");
                assert!(before.contains(&own) && !stage.read(".env").contains(&own), "its own key is not stored");
                assert!(!stage.read(".env").contains("REPLICATE"), "nor named");
            }
            fs::set_permissions(stage.path(name), mode).expect("it is ours");
            stage.check();
            stage.finish();
        }
        if !is_root() {
            let (mut stage, _) = stage(env, store);
            fs::set_permissions(stage.path("jobs"), fs::Permissions::from_mode(0o555)).expect("it is ours");
            assert!(!moved(&stage.fix().output().expect("aikeys-lsp runs")));
            stage.check();
            fs::set_permissions(stage.path("jobs"), fs::Permissions::from_mode(0o755)).expect("it is ours");
            stage.finish();
        }
    }
}

#[test]
fn read_only_by_mount() {
    if !can_mount() {
        say("loss: NO READ-ONLY MOUNT WAS TRIED: that takes root; mode bits were tried");
        return;
    }
    if !at_home("loss::disk::read_only_by_mount", UNSHARED) {
        return;
    }
    let variants = [(Env::Plain, Store::Env), (Env::Missing, Store::Local), (Env::Waiting, Store::Env)];
    for (env, store) in variants.into_iter().step_by(PART) {
        // A file that is a mount of its own cannot be replaced, read-only or not: containers have such ones.
        for (name, write) in
            [("", "ro"), ("jobs", "ro"), ("app.py", "ro"), ("app.py", "rw"), (".env", "ro"), (".env", "rw")]
        {
            let (mut stage, _) = stage(env, store);
            let place = stage.path(name);
            if !place.exists() {
                continue;
            }
            mount(&["--bind", place.to_str().expect("text")], &place);
            mount(&["-o", &format!("remount,bind,{write}")], &place);
            let output = stage.fix().output().expect("aikeys-lsp runs");
            let said = stage.shown(&output);
            let appends = (name, write, env) == (".env", "rw", Env::Plain);
            assert_eq!(moved(&output), appends, "{name} {write}: {said}");
            stage.check();
            unmount(&place);
            stage.finish();
        }
    }
    // One of two files that change together cannot: the other one gets its text back.
    let (mut stage, _) = stage(Env::Plain, Store::Env);
    let place = stage.path("src/main.rs");
    mount(&["--bind", place.to_str().expect("text")], &place);
    let output = stage.fix().output().expect("aikeys-lsp runs");
    let said = stage.shown(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for name in ["src/main.rs", "src/config.rs"] {
        assert_eq!(stage.versions[Path::new(name)][0], stage.read(name), "{name} changes with the other one only");
    }
    assert!(said.contains("changes together with"), "{said}");
    assert_eq!(stage.versions[Path::new("app.py")][1], stage.read("app.py"), "the others are changed");
    stage.check();
    unmount(&place);
    stage.finish();
}
