//! The leak test: through every command and every message, nothing shows more of a key than its redaction.

mod places;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::PART;
use places::{Key, Keys, files, groups};

/// What the program is told besides: the most that it can say.
pub const TALKATIVE: [(&str, &str); 2] = [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")];

const FORMATS: [&str; 9] =
    ["human", "json", "jsonl", "sarif", "github", "github-summary", "gitlab", "gitlab-secrets", "junit"];

/// A workspace with keys in every place, and a home.
struct Place {
    folder: TempDir,
    keys: Keys,
    /// What was looked at.
    outputs: usize,
    leaks: Vec<String>,
}

impl Place {
    fn new(seed: u64) -> Place {
        Place::with(Keys::new(seed))
    }

    fn with(keys: Keys) -> Place {
        let place = Place {
            folder: TempDir::with_prefix("aikeys-leaks-").expect("a folder"),
            keys,
            outputs: 0,
            leaks: Vec::new(),
        };
        for name in ["home", "tmp", "out"] {
            fs::create_dir(place.folder.path().join(name)).expect("a folder");
        }
        place.renew();
        place
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn out(&self, name: &str) -> String {
        self.folder.path().join("out").join(name).to_string_lossy().into_owned()
    }

    /// All files as they were.
    fn renew(&self) {
        // At first there is nothing.
        let _ = fs::remove_dir_all(self.root());
        fs::create_dir(self.root()).expect("a folder");
        let git = Command::new("git").args(["init", "-q"]).current_dir(self.root()).status().expect("git runs");
        assert!(git.success());
        for (name, bytes) in files(&self.keys) {
            self.write(&name, &bytes);
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// Runs the program; nothing that it says or leaves behind shows a key. Returns its exit code.
    fn run(&mut self, arguments: &[&str]) -> i32 {
        self.run_with(arguments, b"", "")
    }

    fn run_with(&mut self, arguments: &[&str], stdin: &[u8], below: &str) -> i32 {
        let home = self.folder.path().join("home");
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(arguments).current_dir(self.root().join(below)).envs(TALKATIVE);
        command.env("HOME", &home).env("TMPDIR", self.folder.path().join("tmp"));
        command.env("AIKEYS_IDENTITY", home.join("identity.txt"));
        // Nobody is asked: nothing listens there. An administrator's key is a key as well.
        command.env("AIKEYS_STAND_IN", "127.0.0.1:1").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("OPENAI_ADMIN_KEY", self.keys.nth(2));
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env(name, &home);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        // A command that reads nothing may end before all is written.
        let _ = std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), stdin);
        let output = child.wait_with_output().expect("it ends");
        let what = self.named(&format!("{arguments:?}"));
        self.look(&format!("standard output of {what}"), &output.stdout);
        self.look(&format!("standard error of {what}"), &output.stderr);
        for name in ["home", "tmp", "out"] {
            for path in below_folder(&self.folder.path().join(name)) {
                let shown = self.named(&path.display().to_string());
                let bytes = fs::read(&path).unwrap_or_default();
                self.look(&format!("{shown} after {what}"), &bytes);
            }
        }
        let code = output.status.code().unwrap_or(-1);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // 126 and 127 are those of a program that cannot be started.
        assert!(matches!(code, 0..=3 | 126 | 127), "{what} ended with {code}: {}", self.named(&said));
        code
    }

    /// The text with names in the place of keys.
    fn named(&self, text: &str) -> String {
        let keys = self.keys.all().enumerate();
        keys.fold(text.to_owned(), |text, (number, key)| text.replace(&key.text, &format!("<KEY {number}>")))
    }

    fn look(&mut self, what: &str, bytes: &[u8]) {
        self.outputs += 1;
        let keys: Vec<&Key> = self.keys.all().collect();
        if let Some(number) = keys.iter().position(|key| key.shown_in(bytes).is_some()) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let piece = keys[number].shown_in(bytes).unwrap_or_default();
            let lines = text.lines().filter(|line| line.contains(piece));
            let line = lines.map(|line| line.chars().take(300).collect::<String>()).next().unwrap_or_default();
            self.leaks.push(format!("{what} shows key {number}: {}", self.named(&line)));
        }
    }

    fn end(self) -> usize {
        assert!(self.leaks.is_empty(), "{} leaks:\n{}", self.leaks.len(), self.leaks.join("\n"));
        self.outputs
    }
}

fn below_folder(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|it| it.path());
    entries.flat_map(|path| if path.is_dir() { below_folder(&path) } else { vec![path] }).collect()
}

#[test]
fn checks_show_no_key() {
    let mut place = Place::new(1);
    for format in FORMATS.into_iter().step_by(PART) {
        assert_eq!(place.run(&["--check", "--format", format, "--verbose", "."]), 1, "{format} finds keys");
    }
    let report = format!("sarif={}", place.out("report.sarif"));
    place.run(&["--check", "--color", "always", "--output", &report, "."]);
    let baseline = place.out("baseline.json");
    assert_eq!(place.run(&["--check", "--write-baseline", &baseline]), 0);
    assert_eq!(place.run(&["--check", "--baseline", &baseline]), 0);
    assert!(fs::metadata(&baseline).expect("it is there").len() > 1000, "the baseline lists findings");
    place.run(&["--check", "--force-exclude", "--include-build", "--select", "hardcoded-ai-key"]);
    for file in ["literals.py", "formats.py", "app.py"] {
        for line in 1..=12 {
            place.run(&["explain", &format!("{file}:{line}")]);
        }
    }
    for (name, bytes) in files(&place.keys) {
        place.run_with(&["--check", "--verbose", "--stdin-filename", &name], &bytes, "");
    }
    let folder = place.keys.nth(0).to_owned();
    place.run_with(&["--check", "app.py"], b"", &folder);
    assert!(place.end() > 100 / PART);
}

#[test]
fn reports_show_no_key_of_any_shape() {
    for (group, seed) in groups().iter().zip(100..).step_by(PART) {
        let mut place = Place::with(Keys::of(group, seed));
        let reports = FORMATS.map(|format| format!("--output={format}={}", place.out(format)));
        let mut arguments = vec!["--check", "--verbose", "--color", "always"];
        arguments.extend(reports.iter().map(String::as_str));
        assert_eq!(place.run(&arguments), 1, "{group:?}");
        for format in FORMATS {
            let report = fs::read_to_string(place.out(format)).expect("a report");
            assert!(report.contains("hardcoded-ai-key"), "{format} reports nothing");
        }
        place.end();
    }
}

#[test]
fn repairs_show_no_key() {
    let mut place = Place::new(2);
    for to in ["env", "local"].into_iter().step_by(PART) {
        if to == "local" {
            place.renew();
            place.run(&["store", "init"]);
            place.run(&["store", "init", "--yes"]);
        }
        place.run(&["--check", "--diff-only", "--to", to, "."]);
        place.run(&["--check", "--fix", "--to", to, "."]);
        place.run(&["--check", "--fix", "--yes", "--to", to, "--name", "MY_KEY", "literals.py"]);
        place.run(&["--check", "--fix", "--yes", "--format", "json", "--to", to, "formats.py"]);
        let lines = |place: &Place| fs::read_to_string(place.root().join(".env")).expect("text").lines().count();
        let before = lines(&place);
        place.run(&["--check", "--fix", "--yes", "--verbose", "--to", to, "."]);
        assert!(lines(&place) > before + 2, "keys were moved");
        for name in [".gitignore", ".aikeys/recipients.txt", ".aikeys/secrets.age"] {
            let bytes = fs::read(place.root().join(name)).unwrap_or_default();
            place.look(name, &bytes);
        }
        place.run(&["run", "--", "true"]);
        place.run(&["--check", "."]);
        place.run(&["init", "--dry-run"]);
        place.run(&["config", "literals.py"]);
        place.run(&["config", "--format", "json"]);
        place.run(&["doctor"]);
    }
    let audit = fs::read_to_string(place.folder.path().join("home/aikeys-lsp/audit.jsonl")).expect("an audit log");
    assert!(audit.lines().count() > 4, "moves are in the audit log");
    assert!(place.end() > 50 / PART);
}

#[test]
fn a_leaked_value_is_not_shown() {
    let mut place = Place::new(8);
    let git = |place: &Place, arguments: &[&str]| {
        let names = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let run = Command::new("git").args(names).args(arguments).current_dir(place.root()).output().expect("git runs");
        assert!(run.status.success(), "git {arguments:?}");
    };
    git(&place, &["add", "-A"]);
    git(&place, &["commit", "-qm", place.keys.nth(0)]);
    git(&place, &["tag", "-a", "-m", place.keys.nth(1), "v1"]);
    git(&place, &["branch", place.keys.nth(2)]);
    let keys: Vec<String> = place.keys.all().map(|key| key.text.clone()).collect();
    for key in keys.iter().rev().step_by(PART) {
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, key);
        let cut = format!("{}…{}", &key[..8], &key[key.len() - 4..]);
        let given = [
            key.clone(),
            format!(" \"{key}\",\r\n"),
            format!("OPENAI_API_KEY={key}\nMISTRAL_API_KEY='{key}' # {key}\n"),
            format!("{{\"{key}\": \"{key}\", \"b\": [\"Bearer {key}\"]}}\n{{\"{key}\": 1}}"),
            format!("{key}={key}"),
            format!("{key} {key}{key}"),
            format!("x\ny{key}z\n"),
            base64,
            cut,
            format!("{key}\0"),
            "a".repeat(70_000) + key,
            format!("[\"{key}"),
            key[..10].to_owned(),
        ];
        let formats = [&[][..], &["--format", "json"], &["--burn"]];
        for (text, more) in given.iter().zip(formats.iter().cycle()).chain(formats.iter().map(|it| (&given[0], it))) {
            place.run_with(&[&["incident", "--offline"], *more].concat(), text.as_bytes(), "");
        }
        // Of a key without a shape only its place can be told: in names of files and branches as well.
        let (file, branch) = (format!("{key}.d/{key}"), format!("b/{key}"));
        place.write(&file, format!("{key}\n").as_bytes());
        git(&place, &["add", "-Af", "."]);
        git(&place, &["commit", "-qm", &format!("{key}, and nothing else")]);
        git(&place, &["branch", &branch]);
        for more in [&[][..], &["--format", "json"]] {
            place.run_with(&[&["incident", "--offline"], more].concat(), key.as_bytes(), "");
        }
        git(&place, &["branch", "-D", &branch]);
        fs::remove_dir_all(place.root().join(format!("{key}.d"))).expect("it is there");
        place.run_with(&["incident", "--offline"], key.as_bytes(), "");
        place.run_with(&["incident", "--offline", key], key.as_bytes(), "");
        place.run_with(&["incident", "--offline", &format!("--{key}")], key.as_bytes(), "");
        let lock = fs::read(place.root().join("aikeys.lock")).expect("a list");
        place.look("aikeys.lock", &lock);
        place.run(&["audit", "tail", "-n", "100"]);
    }
    // What cannot be read is named, and nothing more.
    place.write("aikeys.lock", format!("version = 1\n{}\n", keys[0]).as_bytes());
    place.run_with(&["incident", "--offline", "--burn"], keys[0].as_bytes(), "");
    place.write(".git/HEAD", keys[0].as_bytes());
    place.run_with(&["incident", "--offline"], keys[0].as_bytes(), "");
    assert!(place.end() > 100 / PART);
}

#[test]
fn wrong_arguments_show_no_key() {
    let mut place = Place::new(3);
    let keys: Vec<String> = [place.keys.nth(0), place.keys.nth(1), &place.keys.bare[0].text].map(str::to_owned).into();
    for key in keys.iter().step_by(PART) {
        let key = key.as_str();
        let bare = key == keys[2];
        for option in OPTIONS {
            // Names and paths are the user's own: only what can be told from a shape is hidden.
            if !bare || !["--name", "--baseline", "--output"].contains(&option) {
                place.run(&["--check", option, key, "literals.py"]);
                place.run(&["--check", "--fix", "--yes", option, key, "literals.py"]);
            }
        }
        place.renew();
        if !bare {
            place.run(&["--check", key]);
            place.run(&["--check", "--write-baseline", &format!("none/{key}")]);
            place.run(&["run", "--env-file", key, "--", "true"]);
            place.run(&["run", "--", key]);
            place.run(&["run", "--", &format!("./{key}"), key]);
        }
        place.run(&["--check", "--output", &format!("{key}=x")]);
        place.run(&["--check", &format!("--{key}")]);
        place.run(&[key]);
        place.run(&[&format!("--{key}")]);
        for command in [
            "explain",
            "providers",
            "completions",
            "rules",
            "demo",
            "init",
            "config",
            "doctor",
            "run",
            "store",
            "usage",
            "help",
            "hook",
            "incident",
            "mcp",
        ] {
            // The path that `usage` takes is the user's own.
            if !bare || command != "usage" {
                place.run(&[command, key]);
            }
            place.run(&[command, &format!("--{key}")]);
        }
        place.run(&["usage", "--since", key]);
        place.run(&["usage", "--provider", key]);
        // What a child says is the child's.
        place.run(&["run", "--", "sh", "-c", "exit 3", key]);
    }
    for command in [
        &["rules"][..],
        &["providers"],
        &["providers", "openai"],
        &["completions", "bash"],
        &["config", "--schema"],
        &["doctor", "--format", "json"],
        &["usage"],
        &["usage", "--format", "json"],
        &["usage", "--format", "openmetrics", "--provider", "openai"],
        &["--help"],
        &["--version"],
    ] {
        place.run(command);
    }
    for rule in aikeys::rules::RULES {
        place.run(&["explain", rule.id]);
    }
    assert!(place.end() > 200 / PART);
}

#[test]
fn broken_files_show_no_key() {
    let mut place = Place::new(4);
    let keys: Vec<String> = [place.keys.nth(0), place.keys.nth(1), &place.keys.bare[0].text, &place.keys.bare[1].text]
        .map(str::to_owned)
        .into();
    for key in keys.iter().step_by(PART) {
        for text in BROKEN_ENV {
            place.write(".env", text.replace("{K}", key).as_bytes());
            place.run(&["run", "--", "true"]);
            place.run(&["run", "--env-file", ".env", "--", "true"]);
            place.run(&["--check", "--fix", "--yes", "literals.py"]);
        }
        place.write(".env", &[b"A=", key.as_bytes(), b"\xff\xfe\n"].concat());
        place.run(&["run", "--", "true"]);
        place.write(".env", b"A=1\n");
        for text in BROKEN_SETTINGS {
            place.write("aikeys.toml", text.replace("{K}", key).as_bytes());
            place.run(&["--check", "--format", "json", "literals.py"]);
            place.run(&["config", "literals.py"]);
            place.run(&["doctor"]);
        }
        place.run(&["--check", "--fix", "--yes", "--verbose", "literals.py"]);
        fs::remove_file(place.root().join("aikeys.toml")).expect("it is there");
        place.write("pyproject.toml", format!("[tool.aikeys]\nfail-on = \"{key}\"\n").as_bytes());
        place.run(&["--check", "literals.py"]);
        place.write("pyproject.toml", format!("[tool.aikeys\n{key}").as_bytes());
        place.run(&["--check", "literals.py"]);
        fs::remove_file(place.root().join("pyproject.toml")).expect("it is there");
        for text in BROKEN_BASELINE {
            place.write("baseline.json", text.replace("{K}", key).as_bytes());
            assert_eq!(place.run(&["--check", "--baseline", "baseline.json", "literals.py"]), 2, "{text}");
        }
        place.run(&["store", "init", "--yes"]);
        for (file, text) in [(".aikeys/secrets.age", "{K}\n"), (".aikeys/recipients.txt", "age1{K}\n{K}\n")] {
            place.write(file, text.replace("{K}", key).as_bytes());
            place.write(".env", b"A=\"ref+age://.aikeys/secrets.age#/A\"\n");
            place.run(&["run", "--", "true"]);
            place.run(&["--check", "--fix", "--yes", "--to", "local", "literals.py"]);
        }
        place.renew();
    }
    assert!(place.end() > 300 / PART);
}

/// The options with a value.
const OPTIONS: [&str; 9] =
    ["--format", "--select", "--ignore", "--to", "--name", "--fail-on", "--baseline", "--color", "--output"];

/// Env files that hold a key where none can be read.
const BROKEN_ENV: &[&str] = &[
    "{K}\n",
    "A={K} B\n",
    "A=\"{K}\n",
    "A='{K}\nB=1\n",
    "{K} = \n= {K}\n",
    "A=${{K}}\n",
    "A=\"ref+age://.aikeys/secrets.age#/{K}\"\n",
    "A=\"ref+age://{K}#/A\"\n",
    "A=\"ref+{K}://a#/b\"\n",
    "A=\"ref+age://a{K}\"\n",
    "OPENAI_API_KEY=other\n{K}={K}\n",
];

/// Settings that hold a key where none belongs.
const BROKEN_SETTINGS: &[&str] = &[
    "{K}\n",
    "fail-on = \"{K}\"\n",
    "{K} = 1\n",
    "select = \"{K}\"\n",
    "select = [\"{K}\"]\n",
    "ignore = [\"{K}\"]\n",
    "exclude = [\"{K}[\"]\n",
    "fail-on = {K}\n",
    "[severity]\n\"{K}\" = \"error\"\n",
    "[severity]\nhardcoded-ai-key = \"{K}\"\n",
    "[[per-path]]\npaths = \"{K}\"\n",
    "[[per-path]]\npaths = [\"a\"]\n[per-path.severity]\n\"{K}\" = \"off\"\n",
    "[[provider]]\nid = \"{K}\"\n",
    "[[provider]]\nid = \"{K}\"\nname = \"{K}\"\nenv = \"{K}\"\n[[provider.key]]\nid = \"{K}.a\"\nname = \"{K}\"\nformat = \"{K}\"\nregex = \"{K}(\"\n",
    "[[provider]]\nid = \"own\"\nname = \"Own\"\nenv = \"OWN\"\n[[provider.key]]\nid = \"own.a\"\nname = \"x\"\nformat = \"distinctive\"\nregex = \"{K}(\"\nboundary = \"alnum\"\nconfidence = \"high\"\nseverity = \"high\"\n",
    "\"{K}\n",
    "[names]\nopenai = [\"{K}\"]\n",
    "[names]\nopenai = \"{K}\"\n",
];

/// Baselines that hold a key.
const BROKEN_BASELINE: &[&str] = &[
    "{K}",
    "\"{K}\"",
    "{\"version\": \"{K}\", \"findings\": []}",
    "{\"version\": 1, \"{K}\": 1, \"findings\": []}",
    "{\"version\": 1, \"findings\": [{\"path\": \"a\", \"rule\": \"b\", \"fingerprint\": \"c\", \"{K}\": 1}]}",
    "{\"version\": 1, \"findings\": [\"{K}\"]}",
];

/// The demo makes its own keys: nothing that looks whole is in what it says.
#[test]
fn agents_are_told_no_key() {
    let mut place = Place::new(7);
    let keys: Vec<String> = place.keys.all().map(|key| key.text.clone()).collect();
    for key in keys.iter().step_by(PART) {
        let text = format!("OPENAI_API_KEY = \"{key}\"\nclient = Mistral(api_key=\"{key}\")\n");
        let calls = [
            serde_json::json!({ "tool_name": "Write", "tool_input": { "file_path": "new.py", "content": text } }),
            serde_json::json!({ "tool_name": "Edit", "tool_input": { "path": "literals.py", "old_string": key, "new_string": text } }),
            serde_json::json!({ "tool_name": "Bash", "tool_input": { "command": format!("A={key} MISTRAL_API_KEY={key} cat .env") } }),
            serde_json::json!({ "tool_name": "NotebookEdit", "tool_input": { "notebook_path": "new.ipynb", "new_source": text } }),
            serde_json::json!({ "tool_name": "apply_patch", "tool_input": { "command": format!("*** Add File: a.py\n+{text}") } }),
            serde_json::json!({ "tool_name": key, "hook_event_name": key, "cwd": key }),
        ];
        for (agent, call) in
            ["claude", "codex", "cursor", "gemini"].iter().flat_map(|it| calls.iter().map(move |call| (it, call)))
        {
            place.run_with(&["hook", agent, "--deny-env-reads"], call.to_string().as_bytes(), "");
            place.run_with(&["hook", agent], &call.to_string().as_bytes()[1..], "");
        }
        let call = |name: &str, arguments: serde_json::Value| {
            let params = serde_json::json!({ "name": name, "arguments": arguments });
            serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
        };
        let messages = [
            call("check_path", serde_json::json!({ "path": "." })),
            call("check_text", serde_json::json!({ "text": text, "file_name": "new.py" })),
            call("explain", serde_json::json!({ "rule": key })),
            call(key, serde_json::json!({})),
            serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": key }).to_string(),
            key.clone(),
        ];
        place.run_with(&["mcp"], messages.join("\n").as_bytes(), "");
    }
    // Names of files are quoted: what a shape tells is hidden there as well.
    let named = format!("{}.py", place.keys.nth(0));
    let call =
        serde_json::json!({ "tool_name": "Write", "tool_input": { "file_path": named, "content": place.keys.nth(1) } });
    place.run_with(&["hook", "claude"], call.to_string().as_bytes(), "");
    assert!(place.end() > 100 / PART);
}

#[test]
fn the_demo_shows_no_key() {
    let home = TempDir::with_prefix("aikeys-leaks-").expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
    command.arg("demo").envs(TALKATIVE).env("HOME", home.path()).env("TMPDIR", home.path()).stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "the demo runs");
    let catalogue = aikeys::secrets::Catalogue::built_in();
    let shown = aikeys::secrets::scan(catalogue, &text).into_iter().filter(|token| !token.needs_context).count();
    assert_eq!(shown, 0, "the demo shows a key");
    assert!(text.windows(10).any(|it| it == b".env\nOPENA") || text.len() > 1000, "the demo says something");
    assert_eq!(below_folder(home.path()), Vec::<PathBuf>::new(), "the demo leaves something behind");
}
