//! A thousand interleavings: other programs do something between any two steps of a move, and beside them.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aikeys::fixes::Destination;
use aikeys::moves::{Outcome, Reach, carry_out_beside, plan};
use aikeys::stores::{Local, SECRETS, Stores};
use aikeys::syntax::Document;

use super::stage::{Env, Stage, Store};
use super::{Random, at_home, say};
use crate::PART;

/// How many.
const INTERLEAVINGS: u64 = 1000 / PART as u64;
const NAMES: [&str; 3] = ["app.py", "jobs/b.py", "old.py"];
const TEXTS: [&str; 3] = [
    "key = \"{openai.project#1}\"\nother = \"{groq.api#2}\"\n",
    "client = Anthropic(api_key=\"{anthropic.api#3}\")\nkey = \"{openai.project#1}\"\n",
    "# was {replicate.api#5}\nprint(len(\"{groq.api#2}\"))\n",
];

#[test]
fn a_thousand_interleavings() {
    if !at_home("loss::steps::a_thousand_interleavings", "exec \"$@\"") {
        return;
    }
    let started = Instant::now();
    let halves: Vec<_> = (0..2).map(|half| thread::spawn(move || interleave(half))).collect();
    let mut total = Count::default();
    for half in halves {
        let count = half.join().expect("nothing is lost");
        total.acts += count.acts;
        total.refused += count.refused;
        total.kinds.extend(count.kinds);
    }
    assert!(total.kinds.len() >= ACTS.len() / PART, "every act was done: {:?}", total.kinds);
    assert!(total.refused as u64 > INTERLEAVINGS / 10, "only {} moves met something", total.refused);
    let seconds = started.elapsed().as_secs_f64();
    let (acts, refused) = (total.acts, total.refused);
    say(&format!(
        "loss: {INTERLEAVINGS} interleavings, {acts} acts of others, {refused} files left alone, {seconds:.1} s"
    ));
}

#[derive(Default)]
struct Count {
    acts: usize,
    refused: usize,
    kinds: BTreeSet<&'static str>,
}

/// What other programs do.
const ACTS: [&str; 10] = [
    "edits a source",
    "types another key",
    "adds a line to .env",
    "takes our lines out of .env",
    "gives a name another value",
    "puts an old store back",
    "adds to .gitignore",
    "makes a source read-only",
    "deletes a source",
    "moves keys as well",
];

fn interleave(half: u64) -> Count {
    let mut count = Count::default();
    for round in (half..INTERLEAVINGS).step_by(2) {
        let mut random = Random::new(10_000 + round);
        let env = [Env::Plain, Env::Missing, Env::Windows, Env::Waiting][random.below(4) as usize];
        let store = if random.below(3) == 0 { Store::Local } else { Store::Env };
        let how_many = 1 + random.below(3) as usize;
        let sources: Vec<_> = NAMES.into_iter().zip(TEXTS).take(how_many).collect();
        let mut stage = Stage::of(&sources, env, store);
        stage.versions.values_mut().for_each(Vec::clear);
        stage.end_env_line();
        // A value in a line that is there takes a new file, which a line that is added meanwhile would miss.
        let beside = random.below(4) == 0 && [Env::Plain, Env::Windows].contains(&env);
        let together = random.below(4) == 0;
        let mut others = Others::new(&stage, random);
        let outcome = if beside {
            let (over, path, seed) = (AtomicBool::new(false), stage.path(".env"), others.random.next());
            let (outcome, lines) = thread::scope(|scope| {
                let writer = scope.spawn(|| add_beside(&path, seed, &over));
                let outcome = move_keys(&stage, &mut || {});
                over.store(true, Ordering::Relaxed);
                (outcome, writer.join().expect("lines can be added"))
            });
            others.lines.push_str(&lines);
            outcome
        } else if together {
            // Another process at the very same time: both plan first.
            let start = Barrier::new(2);
            let both = || {
                let mut started = false;
                move_keys(&stage, &mut || {
                    if !std::mem::replace(&mut started, true) {
                        start.wait();
                    }
                })
            };
            thread::scope(|scope| {
                let other = scope.spawn(both);
                let outcome = both();
                other.join().expect("it ends");
                outcome
            })
        } else {
            move_keys(&stage, &mut || others.act(&stage))
        };
        count.refused += outcome.errors.len();
        count.acts += others.acts;
        count.kinds.extend(&others.kinds);
        others.check(&mut stage);
        // In peace, the move goes on. Seen in every fifth: it takes as long as all the rest.
        if round % 5 == 0 {
            move_keys(&stage, &mut || {});
            others.check(&mut stage);
        }
    }
    count
}

/// Moves all keys as `--fix` does, and lets others act meanwhile.
fn move_keys(stage: &Stage, meanwhile: &mut dyn FnMut()) -> Outcome {
    let workspace = stage.workspace();
    let there = NAMES.iter().filter(|name| stage.path(name).exists());
    let docs: Vec<Document> = there.map(|name| Document::new(*name, stage.read(name))).collect();
    let docs: Vec<&Document> = docs.iter().collect();
    let to = match stage.store() {
        Store::Local => Local::open(stage.root()).destination(),
        Store::Env => Destination::env(),
    };
    let stores = Stores::of(&workspace);
    let plan = plan(&workspace, &stores, &docs, &to, None, &|_, _| {}, Reach::Given);
    carry_out_beside(&workspace, &stores, &plan, meanwhile)
}

/// Adds lines at any moment, as other programs do.
fn add_beside(env: &Path, seed: u64, over: &AtomicBool) -> String {
    let (mut random, mut all) = (Random::new(seed), String::new());
    // More lines than a move takes time for would make every read of them slow.
    for number in 0..200 {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let line = format!("BESIDE_{number}=value\n");
        let mut file = OpenOptions::new().append(true).open(env).expect("it can be opened");
        thread::sleep(random.up_to(Duration::from_micros(50)));
        file.write_all(line.as_bytes()).expect("it can be written");
        all.push_str(&line);
    }
    all
}

/// The other programs, and what they did.
struct Others {
    random: Random,
    /// The encrypted store as it was.
    old: Option<Vec<u8>>,
    /// Every key that must not be lost, those typed meanwhile included.
    keys: BTreeSet<String>,
    /// What stands in `.env` beside our lines.
    lines: String,
    /// What must still stand in a file.
    marks: BTreeSet<(String, String)>,
    acts: usize,
    kinds: BTreeSet<&'static str>,
}

impl Others {
    fn new(stage: &Stage, random: Random) -> Others {
        Others {
            random,
            old: fs::read(stage.path(SECRETS)).ok(),
            keys: stage.keys.clone(),
            lines: stage.foreign.clone(),
            marks: BTreeSet::new(),
            acts: 0,
            kinds: BTreeSet::new(),
        }
    }

    /// Does something, or nothing. Never takes a key's last place away: that would be their loss, not ours.
    fn act(&mut self, stage: &Stage) {
        if self.random.below(2) == 0 {
            return;
        }
        let kind = ACTS[self.random.below(ACTS.len() as u64) as usize];
        let there: Vec<&str> = NAMES.into_iter().filter(|name| stage.path(name).exists()).collect();
        let Some(&name) = there.get(self.random.below(NAMES.len() as u64) as usize) else { return };
        let number = self.acts;
        let done = match kind {
            "edits a source" => {
                let mark = format!("# mark {number}\n");
                stage.write(name, &format!("{mark}{}", stage.read(name)));
                self.marks.insert((name.to_owned(), mark))
            }
            "types another key" => {
                let key = aikeys::secrets::sample("openai.svcacct", self.random.below(1000)).expect("a shape");
                stage.write(name, &format!("{}\nmore_{number} = \"{key}\"\n", stage.read(name)));
                self.keys.insert(key)
            }
            "adds a line to .env" => self.add_line(stage, &format!("OTHER_{number}=value\n")),
            "gives a name another value" => {
                let free = !stage.read(".env").contains("GROQ_API_KEY=");
                free && self.add_line(stage, "GROQ_API_KEY=another\n")
            }
            "takes our lines out of .env" => {
                let can = self.in_sources(stage, None) && stage.path(".env").exists();
                if can && self.lines.is_empty() {
                    fs::remove_file(stage.path(".env")).expect("it is there");
                } else if can {
                    stage.write(".env", &self.lines);
                }
                can
            }
            "puts an old store back" => match &self.old {
                Some(old) if self.in_sources(stage, None) => fs::write(stage.path(SECRETS), old).is_ok(),
                _ => false,
            },
            "adds to .gitignore" => {
                let text = stage.read(".gitignore");
                let gap = if text.ends_with('\n') { "" } else { "\n" };
                stage.write(".gitignore", &format!("{text}{gap}*.log{number}\n"));
                self.marks.insert((".gitignore".to_owned(), format!("*.log{number}\n")))
            }
            "makes a source read-only" => {
                fs::set_permissions(stage.path(name), fs::Permissions::from_mode(0o444)).is_ok()
            }
            "deletes a source" => {
                let can = self.in_sources(stage, Some(name));
                if can {
                    fs::remove_file(stage.path(name)).expect("it is there");
                    self.marks.retain(|(file, _)| file != name);
                }
                can
            }
            _ => move_keys(stage, &mut || {}).errors.is_empty(),
        };
        if done {
            self.acts += 1;
            self.kinds.insert(kind);
        }
    }

    fn add_line(&mut self, stage: &Stage, line: &str) -> bool {
        let Ok(mut file) = OpenOptions::new().append(true).open(stage.path(".env")) else { return false };
        file.write_all(line.as_bytes()).expect("it can be written");
        self.lines.push_str(line);
        true
    }

    /// Every key stands in a source, this one left out.
    fn in_sources(&self, stage: &Stage, without: Option<&str>) -> bool {
        let texts: String = NAMES.iter().filter(|it| Some(**it) != without).map(|name| stage.read(name)).collect();
        self.keys.iter().all(|key| texts.contains(key.as_str()))
    }

    /// Nothing of ours is lost, and nothing of theirs.
    fn check(&self, stage: &mut Stage) {
        stage.allow_writing();
        stage.keys.clone_from(&self.keys);
        stage.foreign.clone_from(&self.lines);
        stage.check();
        for (name, mark) in &self.marks {
            assert!(stage.read(name).contains(mark.as_str()), "what others wrote to {name} is lost");
        }
    }
}
