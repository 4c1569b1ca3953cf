//! The loss test: whatever happens during a move, every key is in its source or in its store.
//!
//! Each test runs in a process and a home of its own, so that it writes to nobody's state folder. `LOSS_SEED` repeats a run.

mod at_rest;
mod disk;
mod hostile;
mod stage;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aikeys::project::Workspace;
use aikeys::secrets::Secret;
use aikeys::stores::{Local, Stores};

use stage::{Env, Stage, Store};

/// What a test's own process is told by.
const HOME: &str = "AIKEYS_LOSS_HOME";
/// How many processes are killed, and how often two run at once.
const KILLS: u64 = 204 / PART;
const ROUNDS: u64 = 50 / PART;
const PART: u64 = crate::PART as u64;
/// How many lines another program adds to `.env` in a round: more make every read of it slow.
const MOST_LINES: usize = 300;
/// The size of an env file that is written for some milliseconds, and how often that is interrupted.
const LARGE: usize = 4 << 20;
const LARGE_KILLS: u64 = 5;
/// Nothing takes longer than this, on a slow machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts this test again in a process with a home of its own; there, says so.
///
/// `shell` is a command line that becomes that process; `"$@"` stands for it.
fn at_home(test: &str, shell: &str) -> bool {
    if std::env::var_os(HOME).is_some() {
        return true;
    }
    let home = stage::room();
    let mut command = Command::new("sh");
    command.args(["-c", shell, "sh"]).arg(std::env::current_exe().expect("this test has a path"));
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(HOME, home.path()).env("HOME", home.path()).env("AIKEYS_IDENTITY", home.path().join("identity.txt"));
    for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home.path());
    }
    // No settings of this machine's user: an ignore rule of theirs would hide what is looked for.
    let settings = home.path().join("gitconfig");
    std::fs::write(&settings, "").expect("a file");
    command.env("GIT_CONFIG_GLOBAL", settings).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().expect("this test starts again");
    let said = stage::said(&output);
    assert!(output.status.success(), "{said}");
    for line in said.lines().filter(|line| line.starts_with("loss: ")) {
        say(line);
    }
    let audit = std::fs::read_to_string(home.path().join("aikeys-lsp/audit.jsonl")).unwrap_or_default();
    for line in audit.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "a line of the audit log is torn");
    }
    false
}

/// A line that cargo does not swallow.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// SplitMix64: the same seed, the same test.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed ^ std::env::var("LOSS_SEED").map_or(0, |it| it.parse().expect("LOSS_SEED is a number")))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A time up to this long.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.below(1 << 20) as f64 / f64::from(1 << 20))
    }
}

const VARIANTS: [(Env, Store); 7] = [
    (Env::Plain, Store::Env),
    (Env::Missing, Store::Env),
    (Env::Windows, Store::Env),
    (Env::Waiting, Store::Env),
    (Env::Plain, Store::Local),
    (Env::Missing, Store::Local),
    (Env::Waiting, Store::Local),
];

/// A whole move: what it makes of the sources, how long it takes, and how long it writes.
#[derive(Clone)]
struct Whole {
    texts: Vec<String>,
    duration: Duration,
    writing: Duration,
}

/// A stage whose sources may only ever be what they are, or what a whole move makes of them; and that move.
fn stage(env: Env, store: Store) -> (Stage, Whole) {
    static KNOWN: Mutex<BTreeMap<(Env, Store), Whole>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("no test failed");
    let whole = known.entry((env, store)).or_insert_with(|| {
        let mut reference = Stage::new(env, store);
        reference.versions.values_mut().for_each(Vec::clear);
        let started = Instant::now();
        let mut child = reference.fix().spawn().expect("aikeys-lsp runs");
        reference.wait_for_a_change(&mut child);
        let looking = started.elapsed();
        child.wait().expect("it ends");
        let duration = started.elapsed();
        reference.finish();
        let texts = reference.versions.keys().map(|name| reference.read(&name.to_string_lossy())).collect();
        Whole { texts, duration, writing: duration - looking }
    });
    let whole = whole.clone();
    drop(known);
    let mut stage = Stage::new(env, store);
    stage.versions.values_mut().zip(&whole.texts).for_each(|(versions, text)| versions.push(text.clone()));
    (stage, whole)
}

#[test]
fn killed_at_any_moment() {
    if !at_home("loss::killed_at_any_moment", "exec \"$@\"") {
        return;
    }
    let started = Instant::now();
    // Two at a time: there are two cores.
    let halves: Vec<_> = (0..2).map(|half| thread::spawn(move || kill(half, KILLS / 2))).collect();
    let (mut kills, mut states) = (0, BTreeSet::new());
    for half in halves {
        let more = half.join().expect("nothing is lost");
        kills += more.0;
        states.extend(more.1);
    }
    let states = states.len();
    assert!(kills >= 200 / PART, "only {kills} processes were killed");
    // The times are spread if kills came before, in the midst of, and after the writing.
    assert!(states as u64 >= 20 / PART, "the kills left only {states} different states behind");
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("loss: {kills} kills left {states} states, {seconds:.1} s"));
}

/// Kills moves until this many are dead, in all variants. Returns how many, and what they left: which files were changed.
fn kill(half: u64, kills: u64) -> (u64, BTreeSet<String>) {
    let mut random = Random::new(half);
    let (mut killed, mut states) = (0, BTreeSet::new());
    for round in half.. {
        let (env, store) = VARIANTS[round as usize % VARIANTS.len()];
        let (mut stage, whole) = stage(env, store);
        // The same workspace, until a run gets through.
        loop {
            let mut child = stage.fix().spawn().expect("aikeys-lsp runs");
            // A move is a long look and a short write: half of the kills are spread over all, half over the writing.
            if random.below(2) == 0 {
                thread::sleep(random.up_to(whole.duration));
            } else {
                stage.wait_for_a_change(&mut child);
                thread::sleep(random.up_to(whole.writing));
            }
            let (child, was_killed) = kill_now(child);
            stage.check();
            if !was_killed {
                assert_eq!(child, Some(0));
                stage.check_finished();
                break;
            }
            killed += 1;
            let changed =
                stage.versions.iter().map(|(name, texts)| (stage.read(&name.to_string_lossy()) != texts[0]) as u8);
            let changed: Vec<u8> = changed.collect();
            states.insert(format!("{:?}{changed:?}{}", (env, store), stage.read(".env").lines().count()));
            if killed >= kills {
                stage.finish();
                return (killed, states);
            }
        }
    }
    (killed, states)
}

/// A value in a line that is there takes a new file: for a moment that one holds the key, under another name.
#[test]
fn killed_while_a_temporary_file_has_a_key() {
    if !at_home("loss::killed_while_a_temporary_file_has_a_key", "exec \"$@\"") {
        return;
    }
    let mut left = 0;
    for _ in 0..LARGE_KILLS {
        let mut stage = Stage::of(&[("app.py", "key = \"{openai.project#1}\"\n")], Env::Waiting, Store::Env);
        stage.versions.values_mut().for_each(Vec::clear);
        // So large that writing it takes a while.
        stage.foreign.push_str(&format!("# {}\n", "x".repeat(LARGE)));
        std::fs::write(stage.path(".env"), &stage.foreign).expect("a file");
        let mut child = stage.fix().spawn().expect("aikeys-lsp runs");
        stage.wait_for_a_temporary_key(&mut child);
        kill_now(child);
        left += usize::from(stage.has_a_temporary_key());
        stage.check();
        stage.finish();
        assert!(!stage.has_a_temporary_key(), "the next move takes away what the last one left");
    }
    assert!(left >= 3, "only {left} kills left a temporary file with a key behind");
    say(&format!("loss: {left} of {LARGE_KILLS} kills left a temporary file with a key behind"));
}

/// Its exit code, and whether it was killed.
fn kill_now(mut child: Child) -> (Option<i32>, bool) {
    child.kill().expect("it is ours");
    // Nothing read what it says: that fits into a pipe.
    let status = child.wait().expect("it ends");
    (status.code(), status.code().is_none())
}

#[test]
fn two_processes_and_a_third_writer() {
    if !at_home("loss::two_processes_and_a_third_writer", "exec \"$@\"") {
        return;
    }
    let started = Instant::now();
    let halves: Vec<_> = (0..2).map(|half| thread::spawn(move || run_two(half))).collect();
    let added: usize = halves.into_iter().map(|half| half.join().expect("nothing is lost")).sum();
    assert!(added as u64 > 500 / PART, "the third writer only added {added} lines");
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("loss: {ROUNDS} rounds of two processes, {added} lines added to .env meanwhile, {seconds:.1} s"));
}

fn run_two(half: u64) -> usize {
    let mut random = Random::new(100 + half);
    let mut added = 0;
    for round in 0..ROUNDS / 2 {
        let (env, store) = VARIANTS[(round * 2 + half) as usize % VARIANTS.len()];
        let (mut stage, whole) = stage(env, store);
        // A value in a line that is there takes a new file: that one is left alone by the others here.
        let third = round % 2 == 0 && env != Env::Waiting;
        if third {
            stage.foreign.push_str(if env == Env::Windows { "\r\n" } else { "\n" });
            let foreign = stage.foreign.clone();
            std::fs::write(stage.path(".env"), foreign).expect("a file");
            stage.keep_mode(".env");
        }
        let first = stage.fix().spawn().expect("aikeys-lsp runs");
        thread::sleep(random.up_to(whole.duration.mul_f64(0.5)));
        let second = stage.fix().spawn().expect("aikeys-lsp runs");
        let over = AtomicBool::new(false);
        let lines = thread::scope(|scope| {
            let writer = scope.spawn(|| if third { add_lines(&stage.path(".env"), &over) } else { String::new() });
            let outputs = [first, second].map(wait);
            over.store(true, Ordering::Relaxed);
            // One of the two may find that the files have changed.
            let fine = outputs.iter().all(|output| output.status.code().is_some());
            assert!(fine, "{}{}", stage.shown(&outputs[0]), stage.shown(&outputs[1]));
            writer.join().expect("lines can be added")
        });
        added += lines.lines().count();
        stage.foreign.push_str(&lines);
        stage.check();
        stage.finish();
    }
    added
}

fn wait(child: Child) -> std::process::Output {
    let started = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(started.elapsed() < PATIENCE, "two processes wait for each other");
    output
}

/// Adds lines as `echo X=1 >> .env` does, until it is over. Returns them.
fn add_lines(env: &Path, over: &AtomicBool) -> String {
    let mut all = String::new();
    for number in 0..MOST_LINES {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let line = format!("OTHER_{number}=value\n");
        let mut file = OpenOptions::new().append(true).create(true).open(env).expect("it can be opened");
        file.write_all(line.as_bytes()).expect("it can be written");
        all.push_str(&line);
        thread::sleep(Duration::from_micros(300));
    }
    all
}

#[test]
fn workspaces_that_are_set_up_at_once_can_all_be_opened() {
    if !at_home("loss::workspaces_that_are_set_up_at_once_can_all_be_opened", "exec \"$@\"") {
        return;
    }
    let identity = std::env::var("AIKEYS_IDENTITY").expect("at home");
    for round in 0..60 {
        // In every second round the identity is there already.
        if round % 2 == 0 {
            let _ = std::fs::remove_file(&identity);
        }
        let rooms: Vec<_> = (0..4).map(|_| stage::room()).collect();
        let start = Barrier::new(rooms.len());
        thread::scope(|scope| {
            for room in &rooms {
                scope.spawn(|| {
                    start.wait();
                    aikeys::stores::init(room.path()).expect("a store is made");
                });
            }
        });
        for room in &rooms {
            let stores = Stores::of(&Workspace::open(room.path()).expect("a workspace"));
            let reference = Local::open(room.path()).reference("A");
            stores.put(&reference, &Secret::new("value")).expect("it can be opened");
            assert_eq!(stores.get(&reference).expect("it is there").expose(), "value");
        }
    }
}

#[test]
fn env_files_that_git_would_take_are_ignored_before_anything_moves() {
    if !at_home("loss::env_files_that_git_would_take_are_ignored_before_anything_moves", "exec \"$@\"") {
        return;
    }
    let mut stage = Stage::of(&[("app.py", "key = \"{openai.project#1}\"\n")], Env::Plain, Store::Env);
    stage.versions.values_mut().for_each(Vec::clear);
    for (name, seed) in [(".env", 8), ("deep/.env", 9), (".env.production", 10)] {
        let key = aikeys::secrets::sample("groq.api", seed).expect("a shape");
        let line = format!("GROQ_API_KEY={key}\n");
        stage.write(name, &line);
        if name == ".env" {
            stage.foreign = line;
        }
    }
    let output = stage.fix().output().expect("aikeys-lsp runs");
    assert_eq!(output.status.code(), Some(0), "{}", stage.shown(&output));
    let lines: Vec<String> = stage.read(".gitignore").lines().map(str::to_owned).collect();
    let count = |name: &str| lines.iter().filter(|line| *line == name).count();
    assert!(count(".env") == 1 && lines.len() < 8, "{lines:?}");
    let taken = stage.git(&["ls-files", "--others", "--exclude-standard"]);
    assert!(!taken.lines().any(|name| name.contains(".env") && name != ".env.example"), "{taken}");
    stage.check();
}
