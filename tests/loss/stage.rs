//! A workspace that keys are moved in, and what must hold of it at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use aikeys::project::Workspace;
use aikeys::stores::Stores;
use tempfile::TempDir;

use crate::support::with_keys;

/// The files with keys. `{id#n}` stands for a key; the same one twice is the same key twice.
const SOURCES: &[(&str, &str)] = &[
    (
        "app.py",
        "#!/usr/bin/env python3\nfrom openai import OpenAI\n\nclient = OpenAI(api_key=\"{openai.project#1}\")\nbackup = \"{groq.api#2}\"\n",
    ),
    (
        "worker.py",
        "import anthropic\n\nANTHROPIC_API_KEY = \"{anthropic.api#3}\"\nMAIN = {\"key\": \"{openai.project#1}\", \"other\": '{groq.api#2}'}\n",
    ),
    (
        "jobs/nightly.py",
        "from mistralai import Mistral\r\n\r\nclient = Mistral(api_key=\"{mistral.api#4}\")\r\nprint(len(f\"{openai.project#1}\"))\r\n",
    ),
    ("old.py", "# was {replicate.api#5}, and {openai.project#1} before\nprint(1)\n"),
];
/// The same in Rust, where files change together.
const RUST: &[(&str, &str)] = &[
    (
        "src/main.rs",
        "mod config;\n\nfn main() {\n    println!(\"{}\", config::token().len());\n    let key = \"{huggingface.user#6}\";\n    println!(\"{}\", key.len());\n}\n",
    ),
    ("src/config.rs", "pub fn token() -> String {\n    \"{xai.api#7}\".to_string()\n}\n"),
];
/// The files without.
const OTHERS: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[package]\nname = \"stage\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ndotenvy = \"0.15\"\n",
    ),
    ("requirements.txt", "openai\nmistralai\n"),
    (".gitignore", "__pycache__/\n/target"),
];
/// Lines of somebody else, without an end of the last one.
pub const FOREIGN: &str = "# who owns what: \"ask\" Ann's team\nexport HOST=127.0.0.1\n\nGREETING=\"Hello, # world\" # a tail\nMOTTO='it costs $5'\n  SPACED = 1\nLAST=end";

/// Where the env file stands at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Env {
    /// There is none.
    Missing,
    /// Foreign lines, `\n`, no last one.
    Plain,
    /// The same with `\r\n`.
    Windows,
    /// Foreign lines, and a name that waits for its value.
    Waiting,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    Env,
    Local,
}

/// A workspace.
pub struct Stage {
    folder: PathBuf,
    _owner: TempDir,
    store: Store,
    /// Every key that must never be lost.
    pub keys: BTreeSet<String>,
    /// What `.env` held at the start, and what others added.
    pub foreign: String,
    modes: BTreeMap<PathBuf, (u32, u32)>,
    /// The texts that a source may have at any moment; nothing where anything may happen to it.
    pub versions: BTreeMap<PathBuf, Vec<String>>,
}

/// A folder in memory where there is one: a disk's pauses would hide most of the moments at which things can go wrong.
pub fn room() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::Builder::new().prefix("aikeys-loss-").tempdir_in(memory);
    made.or_else(|_| TempDir::with_prefix("aikeys-loss-")).expect("a folder")
}

/// This process is root: mode bits stop nothing.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl Stage {
    /// A workspace in a folder of its own.
    pub fn new(env: Env, store: Store) -> Stage {
        // One in seven: the Rust query alone takes as long as a move in Python (measured: 60 ms).
        let rust = (env, store) == (Env::Plain, Store::Env);
        let sources = if rust { [SOURCES, RUST].concat() } else { SOURCES.to_vec() };
        Stage::in_folder(room(), env, store, &sources)
    }

    /// A workspace of these sources only.
    pub fn of(sources: &[(&str, &str)], env: Env, store: Store) -> Stage {
        Stage::in_folder(room(), env, store, sources)
    }

    /// A workspace in this folder.
    pub fn in_folder(owner: TempDir, env: Env, store: Store, sources: &[(&str, &str)]) -> Stage {
        let folder = owner.path().canonicalize().expect("the folder is there").join("stage");
        fs::create_dir(&folder).expect("a folder");
        let mut stage = Stage {
            folder,
            _owner: owner,
            store,
            keys: BTreeSet::new(),
            foreign: String::new(),
            modes: BTreeMap::new(),
            versions: BTreeMap::new(),
        };
        stage.git(&["init", "-q"]);
        for (at, (name, text)) in sources.iter().enumerate() {
            let keyed = with_keys(text);
            stage.keys.extend(keyed.keys.into_values());
            stage.write(name, &keyed.text);
            stage.versions.insert(PathBuf::from(name), vec![keyed.text]);
            // Modes that nothing sets by itself; on the first file also an owner.
            stage.keep(name, [0o755, 0o640, 0o600, 0o664, 0o444 | 0o200, 0o604][at % 6], u32::from(at == 0) * 1234);
        }
        for (name, text) in OTHERS {
            stage.write(name, text);
        }
        stage.foreign = match env {
            Env::Missing => String::new(),
            Env::Plain => FOREIGN.to_owned(),
            Env::Windows => FOREIGN.replace('\n', "\r\n"),
            Env::Waiting => format!("OPENAI_API_KEY=\n{FOREIGN}\n"),
        };
        if env != Env::Missing {
            stage.write(".env", &stage.foreign);
            stage.keep(".env", 0o640, 1234);
        }
        if store == Store::Local {
            aikeys::stores::init(&stage.folder).expect("a store is made");
        }
        stage
    }

    pub fn store(&self) -> Store {
        self.store
    }

    /// The last line of `.env` has an end.
    pub fn end_env_line(&mut self) {
        if !self.foreign.is_empty() && !self.foreign.ends_with('\n') {
            self.foreign.push_str(if self.foreign.contains("\r\n") { "\r\n" } else { "\n" });
            self.write(".env", &self.foreign);
        }
    }

    /// Every file has its mode again.
    pub fn allow_writing(&self) {
        for (name, (mode, _)) in &self.modes {
            // What is not there needs none.
            let _ = fs::set_permissions(self.folder.join(name), fs::Permissions::from_mode(*mode));
        }
    }

    pub fn root(&self) -> &Path {
        &self.folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read(self.path(name)).map(|it| String::from_utf8_lossy(&it).into_owned()).unwrap_or_default()
    }

    /// Gives a file a mode, and where that can be done an owner; both have to stay.
    fn keep(&mut self, name: &str, mode: u32, owner: u32) {
        let path = self.path(name);
        let owner = if is_root() { owner } else { fs::metadata(&path).expect("it is there").uid() };
        if is_root() {
            std::os::unix::fs::chown(&path, Some(owner), Some(owner)).expect("root can");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        self.modes.insert(PathBuf::from(name), (mode, owner));
    }

    /// Waits until a temporary file has a key, or the child ends.
    pub fn wait_for_a_temporary_key(&self, child: &mut Child) {
        while !self.has_a_temporary_key() && child.try_wait().expect("it is ours").is_none() {}
    }

    /// A temporary file beside `.env` has a key in its first line.
    pub fn has_a_temporary_key(&self) -> bool {
        let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let ours = below(&self.folder).filter(|it| it.file_name().to_string_lossy().starts_with(".aikeys-"));
        let holds = |path: PathBuf| {
            let mut start = Vec::new();
            // What has gone since has no key.
            let read = fs::File::open(path).and_then(|it| it.take(1000).read_to_end(&mut start));
            read.is_ok() && self.keys.iter().any(|key| contains(&start, key))
        };
        ours.flat_map(|it| below(&it.path())).any(|it| holds(it.path()))
    }

    /// The mode and the owner that a file has now have to stay.
    pub fn keep_mode(&mut self, name: &str) {
        let meta = fs::metadata(self.path(name)).expect("it is there");
        self.modes.insert(PathBuf::from(name), (meta.mode() & 0o7777, meta.uid()));
    }

    /// Waits until the child writes to the workspace, or ends.
    pub fn wait_for_a_change(&self, child: &mut Child) {
        let look = || {
            let places = ["", ".env", ".gitignore", ".aikeys", "jobs", "src"];
            places.map(|it| fs::metadata(self.path(it)).map(|meta| (meta.mtime(), meta.mtime_nsec(), meta.len())).ok())
        };
        let before = look();
        while look() == before && child.try_wait().expect("it is ours").is_none() {
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "safe.directory=*"]).args(arguments).current_dir(&self.folder);
        let output = git.output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The real program in this workspace.
    pub fn ours(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The move of all keys.
    pub fn fix(&self) -> Command {
        let to = if self.store == Store::Local { "local" } else { "env" };
        self.ours(&["--check", "--fix", "--yes", "--to", to, "."])
    }

    /// Moves everything, and sees that nothing is left to do.
    pub fn finish(&mut self) {
        let output = self.fix().output().expect("aikeys-lsp runs");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        self.check_finished();
    }

    /// A move has ended well: nothing is left to do.
    pub fn check_finished(&mut self) {
        self.check();
        let all = aikeys::project::read_values(&self.path(".env")).expect("it can be read");
        let all = aikeys::moves::resolve(&self.stores(), all);
        assert!(all.is_ok(), "`aikeys-lsp run` finds all values");
        for name in self.versions.keys() {
            let text = self.read(&name.to_string_lossy());
            assert!(!self.keys.iter().any(|key| text.contains(key.as_str())), "a key is left in {}", name.display());
        }
        let plain: &[&str] = if self.store == Store::Env { &[".env"] } else { &[] };
        for (name, text) in self.files() {
            let holds = self.keys.iter().any(|key| contains(&text, key));
            assert!(!holds || plain.iter().any(|it| name == Path::new(it)), "a key is left in {}", name.display());
        }
    }

    /// What must hold at any moment, whatever happened.
    pub fn check(&mut self) {
        let env = self.path(".env");
        let read = dotenvy::from_path_iter(&env).map(Iterator::collect::<Result<Vec<_>, _>>);
        let parsed = match read {
            Err(_) => Vec::new(),
            Ok(pairs) => pairs.unwrap_or_else(|_| panic!(".env cannot be read by dotenvy")),
        };
        let resolve = |value: String| match aikeys::secrets::SecretRef::parse(&value) {
            // A reference whose store was taken away leads nowhere: then its key has to be elsewhere.
            Some(reference) => Some(self.stores().get(&reference).ok()?.expose().to_owned()),
            None => Some(value),
        };
        let stored: Vec<String> = parsed.into_iter().filter_map(|(_, value)| resolve(value)).collect();
        let sources: Vec<String> = self.versions.keys().map(|name| self.read(&name.to_string_lossy())).collect();
        for (at, key) in self.keys.iter().enumerate() {
            let there = stored.contains(key) || sources.iter().any(|text| text.contains(key.as_str()));
            assert!(there, "key {at} is lost: it is in no source and no store");
        }
        self.check_foreign();
        self.check_git();
        self.check_modes();
        for (name, versions) in &self.versions {
            let text = self.read(&name.to_string_lossy());
            assert!(versions.is_empty() || versions.contains(&text), "{} is neither old nor new", name.display());
        }
    }

    /// The lines of others in `.env` are what they were.
    fn check_foreign(&self) {
        let now = self.read(".env");
        let name = |line: &str| line.split('=').next().unwrap_or("").to_owned();
        let is_ours = |line: &str| {
            let value = line.split_once('=').map_or("", |(_, value)| value.trim().trim_matches('"'));
            self.keys.contains(value) || value.starts_with("ref+age://")
        };
        let all: Vec<String> = now.lines().filter(|line| is_ours(line)).map(name).collect();
        let ours: BTreeSet<String> = all.iter().cloned().collect();
        assert_eq!(all.len(), ours.len(), "each of our lines stands in .env once");
        let theirs =
            |text: &str| -> String { text.split_inclusive('\n').filter(|line| !ours.contains(&name(line))).collect() };
        let (was, is) = (theirs(&self.foreign), theirs(&now));
        let more = is.strip_prefix(&was);
        let same = more.is_some_and(|more| ["", "\n", "\r\n"].contains(&more));
        assert!(same, "lines of others in .env changed:\n{was:?}\n{is:?}");
    }

    /// Nothing that git would take holds a key, but for the sources that always did.
    fn check_git(&self) {
        let taken = self.git(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        for name in taken.split('\0').filter(|it| !it.is_empty()) {
            let text = fs::read(self.path(name)).unwrap_or_default();
            if !self.versions.contains_key(Path::new(name)) {
                let holds = self.keys.iter().any(|key| contains(&text, key));
                assert!(!holds, "git would take a key in {name}");
            }
        }
    }

    fn check_modes(&self) {
        for (name, kept) in &self.modes {
            let Ok(meta) = fs::metadata(self.folder.join(name)) else { continue };
            assert_eq!((meta.mode() & 0o7777, meta.uid()), *kept, "mode and owner of {}", name.display());
        }
        if let Ok(meta) = fs::metadata(self.path(".env"))
            && !self.modes.contains_key(Path::new(".env"))
        {
            assert_eq!(meta.mode() & 0o7777, 0o600, "a new .env is private");
        }
    }

    /// Every file outside of `.git`.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
                let path = entry.path();
                match path.is_dir() {
                    true if entry.file_name() == ".git" => {}
                    true => walk(&path, into),
                    false => into.push(path),
                }
            }
        }
        let mut paths = Vec::new();
        walk(&self.folder, &mut paths);
        let relative = |path: PathBuf| path.strip_prefix(&self.folder).expect("below").to_owned();
        paths.into_iter().map(|path| (relative(path.clone()), fs::read(path).unwrap_or_default())).collect()
    }

    /// The workspace as the product sees it.
    pub fn stores(&self) -> Stores {
        Stores::of(&self.workspace())
    }

    pub fn workspace(&self) -> Workspace {
        Workspace::open(&self.folder).expect("a workspace")
    }

    /// Both outputs with every key taken out.
    pub fn shown(&self, output: &Output) -> String {
        self.keys.iter().fold(said(output), |text, key| text.replace(key.as_str(), "<KEY>"))
    }
}

fn contains(text: &[u8], key: &str) -> bool {
    memchr::memmem::find(text, key.as_bytes()).is_some()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
