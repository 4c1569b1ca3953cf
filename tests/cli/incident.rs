//! `incident`: each answer, in every kind of place and clone.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::{Sandbox, text};
use crate::support::with_keys;

const KEY: &str = "openai.project";

fn key(shape: &str) -> String {
    with_keys(&format!("{{{shape}}}")).text
}

/// What a run said: its exit code, the object, standard error.
struct Said {
    code: Option<i32>,
    whole: Value,
    errors: String,
}

impl Said {
    /// Of the first key.
    fn key(&self) -> &Value {
        &self.whole["keys"][0]
    }

    fn list(&self, at: &str, field: &str) -> Vec<String> {
        let all = self.key().pointer(at).and_then(Value::as_array).unwrap_or_else(|| panic!("{at}: {}", self.whole));
        all.iter().map(|it| it[field].to_string().trim_matches('"').to_owned()).collect()
    }

    fn places(&self) -> Vec<String> {
        let all = self.key()["places"].as_array().expect("places").iter();
        let line = |it: &Value| it["line"].as_u64().map_or(String::new(), |it| format!(":{it}"));
        all.map(|it| format!("{}{}", it["path"].as_str().unwrap_or(""), line(it))).collect()
    }

    fn git(&self, field: &str) -> &Value {
        &self.key()["git"][field]
    }

    fn reasons(&self) -> String {
        self.key()["reasons"].to_string()
    }
}

impl Sandbox {
    fn incident(&self, folder: &str, given: &str, more: &[&str]) -> Said {
        self.incident_with(folder, given, &[&["--offline"], more].concat(), &[])
    }

    fn incident_with(&self, folder: &str, given: &str, more: &[&str], variables: &[(&str, &str)]) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(["incident", "--format", "json"]).args(more).current_dir(self.work().join(folder));
        command.envs(variables.iter().copied());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // A run that refuses its arguments reads nothing.
        let _ = child.stdin.take().expect("a pipe").write_all(given.as_bytes());
        let out = child.wait_with_output().expect("it ends");
        let (report, errors) = (text(&out.stdout), text(&out.stderr));
        assert!(!report.contains(given.trim()) && !errors.contains(given.trim()), "the value is shown");
        let whole = serde_json::from_str(&report).unwrap_or(Value::Null);
        Said { code: out.status.code(), whole, errors }
    }

    fn start(&self, folder: &str) {
        fs::create_dir_all(self.work().join(folder)).expect("made");
        self.git(&["init", "-q", folder]);
    }

    fn in_folder(&self, folder: &str, args: &[&str]) -> String {
        text(&self.git(&[&["-C", folder], args].concat()).stdout).trim().to_owned()
    }

    /// Commits a file; returns the commit.
    fn with_file(&self, folder: &str, path: &str, source: &str) -> String {
        self.write(&format!("{folder}/{path}"), source);
        self.in_folder(folder, &["add", "-f", "."]);
        self.in_folder(folder, &["commit", "-qm", "x", "--date", "2026-05-02T10:00:00Z"]);
        self.in_folder(folder, &["rev-parse", "HEAD"])
    }
}

#[test]
fn it_is_found_in_files_however_it_stands_there() {
    let sandbox = Sandbox::new();
    sandbox.start("r");
    let key = key(KEY);
    let base64 = |text: &str| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text);
    let middle = key.len() / 2;
    sandbox.write("r/.gitignore", ".env\nlogs/\nnode_modules/\n");
    sandbox.write("r/.env", format!("A=1\nexport OPENAI_API_KEY='{key}'\n"));
    sandbox.write("r/twice.py", format!("a = \"{key}\"\n\nb = '{key}'; c = '{key}'\n"));
    sandbox.write("r/logs/a.log", format!("x\ny {key}\n"));
    sandbox.write("r/book.ipynb", format!("{{\"cells\": [\n{{\"source\": [\"k = \\\"{key}\\\"\"]}}]}}\n"));
    sandbox.write("r/latin.txt", [b"caf\xe9 ", key.as_bytes(), b"\xff\n"].concat());
    let wide = key.encode_utf16().flat_map(u16::to_le_bytes);
    sandbox.write("r/wide.txt", [0xff, 0xfe].into_iter().chain(wide).collect::<Vec<u8>>());
    sandbox.write("r/photo.bin", [b"\0\x01", key.as_bytes(), b"\0"].concat());
    sandbox.write("r/basic.yaml", format!("auth: {}\n", base64(&format!("user:{key}"))));
    sandbox.write("r/secret.yaml", format!("data:\n  key: {}\n", base64(&key)));
    sandbox.write("r/pieces.py", format!("import openai\nk = \"{}\" + \"{}\"\n", &key[..middle], &key[middle..]));
    sandbox.write("r/node_modules/x/index.js", format!("k=\"{key}\"\n"));
    sandbox.write("r/.git/COMMIT_EDITMSG", format!("about {key}\n"));
    sandbox.write(&format!("r/{key}.txt"), "x\n");
    sandbox.write("r/other.py", with_keys("a = \"{openai.project#2}\"\n").text);
    let said = sandbox.incident("r", &key, &[]);
    assert_eq!(said.code, Some(1), "{}", said.errors);
    let named = said.places().into_iter().find(|it| it.ends_with(".txt") && it.contains('…')).expect("a name");
    let expected = [
        &named,
        ".env:2",
        "basic.yaml:1",
        "book.ipynb:2",
        "latin.txt:1",
        "logs/a.log:2",
        "photo.bin",
        "pieces.py:2",
        "secret.yaml:2",
        "twice.py:1",
        "twice.py:3",
        "wide.txt:1",
        ".git/COMMIT_EDITMSG:1",
        "node_modules/x/index.js:1",
    ];
    let mut found = said.places();
    found[..12].sort_by_key(|it| expected.iter().position(|known| known == it));
    assert_eq!(found, expected);
    let written = said.list("/places", "written");
    for form in ["in base64", "in pieces", "in UTF-16", "in its name"] {
        assert!(written.iter().any(|it| it == form), "{form}: {written:?}");
    }
    let kinds = said.list("/places", "kind");
    for kind in ["env file", "git would take it", "ignored by git", "build output", "git's own file"] {
        assert!(kinds.iter().any(|it| it == kind), "{kind}: {kinds:?}");
    }
    assert!(said.list("/places", "variable").contains(&"OPENAI_API_KEY".to_owned()));
    assert!(said.list("/steps", "command").contains(&"aikeys-lsp rotate OPENAI_API_KEY --grace 0m".to_owned()));
}

#[test]
fn a_link_is_followed_out_of_the_workspace() {
    let sandbox = Sandbox::new();
    sandbox.start("r");
    sandbox.write("shared/.env", format!("OPENAI_API_KEY={}\n", key(KEY)));
    std::os::unix::fs::symlink("../shared/.env", sandbox.work().join("r/.env")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", sandbox.work().join("r/zero")).expect("a link");
    assert_eq!(sandbox.incident("r", &key(KEY), &[]).places(), [".env:1"]);
}

#[test]
fn what_was_not_pushed_and_what_was() {
    let sandbox = Sandbox::new();
    let source = format!("k = \"{}\"\n", key(KEY));
    sandbox.start("up");
    sandbox.with_file("up", "a.py", "x = 1\n");
    sandbox.in_folder(".", &["clone", "-q", "up", "r"]);
    let came = sandbox.with_file("r", "a.py", &source);
    sandbox.with_file("r", "a.py", &format!("{source}y = 1\n"));
    sandbox.with_file("r", "a.py", "x = 1\n");
    let said = sandbox.incident("r", &key(KEY), &[]);
    assert_eq!((said.code, said.places().len()), (Some(1), 0), "{}", said.whole);
    assert_eq!((said.git("pushed"), said.git("versions")), (&Value::Bool(false), &Value::from(2)));
    assert_eq!(said.list("/git/places", "commit"), std::slice::from_ref(&came));
    assert_eq!(said.list("/git/places", "date"), ["2026-05-02T10:00:00+00:00"]);
    assert_eq!(said.list("/git/places", "in-head"), ["false"]);
    assert_eq!(said.git("references").to_string(), "[\"main\"]");
    let steps = said.list("/steps", "command");
    assert!(steps.contains(&format!("git rebase -i {}^", &came[..7])), "{steps:?}");
    // Pushed, on a branch that is not checked out; packed it is the same.
    sandbox.in_folder("r", &["push", "-q", "origin", "HEAD:refs/heads/side"]);
    for _ in 0..2 {
        let said = sandbox.incident("r", &key(KEY), &[]);
        assert_eq!((said.code, said.git("pushed")), (Some(1), &Value::Bool(true)));
        assert_eq!(said.git("references").to_string(), "[\"main\",\"origin/side\"]");
        assert!(said.reasons().contains("it was pushed"), "{}", said.whole);
        assert!(said.list("/steps", "text").iter().any(|it| it.starts_with("cannot be undone")), "{}", said.whole);
        sandbox.in_folder("r", &["gc", "-q"]);
    }
    // A remote that was written anew has forgotten it; what the branch was before is noted here.
    sandbox.in_folder("r", &["reset", "-q", "--hard", "origin/HEAD"]);
    sandbox.in_folder("r", &["push", "-qf", "origin", "HEAD:refs/heads/side"]);
    let said = sandbox.incident("r", &key(KEY), &[]);
    assert_eq!(said.git("pushed"), &Value::Bool(true), "{}", said.whole);
    assert_eq!(
        (said.list("/git/places", "path").len(), said.list("/git/dropped", "path")),
        (0, vec!["a.py".to_owned()])
    );
    // Where it was pushed to, its own notes lead to it. A bare clone has no files, and nothing to tell by.
    assert_eq!(sandbox.incident("up", &key(KEY), &[]).list("/git/dropped", "path"), ["a.py"]);
    sandbox.with_file("r", "a.py", &source);
    sandbox.in_folder(".", &["clone", "-q", "--bare", "r", "bare.git"]);
    let said = sandbox.incident("bare.git", &key(KEY), &[]);
    assert_eq!((said.code, said.git("pushed"), said.places().len()), (Some(1), &Value::Null, 0), "{}", said.whole);
    assert_eq!(said.list("/git/places", "in-head"), ["true"]);
    assert_eq!(sandbox.incident("bare.git", &key(KEY), &["--burn"]).code, Some(2), "there is no place for a list");
}

#[test]
fn what_no_branch_holds() {
    let sandbox = Sandbox::new();
    let source = format!("k = \"{}\"\n", key(KEY));
    sandbox.start("r");
    sandbox.with_file("r", "a.py", "x = 1\n");
    sandbox.write("r/a.py", &source);
    sandbox.in_folder("r", &["stash", "-q"]);
    let said = sandbox.incident("r", &key(KEY), &[]);
    assert_eq!(said.git("references").to_string(), "[\"stash\"]", "{}", said.whole);
    assert!(said.list("/steps", "command").contains(&"git stash list".to_owned()));
    sandbox.in_folder("r", &["stash", "drop", "-q"]);
    let said = sandbox.incident("r", &key(KEY), &[]);
    assert_eq!((said.code, said.git("lost")), (Some(1), &Value::from(1)), "{}", said.whole);
    assert!(said.list("/steps", "command").iter().any(|it| it.contains("git gc --prune=now")));
    // Staged, and in the work tree no more.
    sandbox.start("s");
    sandbox.with_file("s", "a.py", "x = 1\n");
    sandbox.write("s/b c.py", &source);
    sandbox.in_folder("s", &["add", "."]);
    fs::remove_file(sandbox.work().join("s/b c.py")).expect("removed");
    let said = sandbox.incident("s", &key(KEY), &[]);
    assert_eq!(said.git("staged").to_string(), "[\"b c.py\"]", "{}", said.whole);
    assert!(said.list("/steps", "command").contains(&"git restore --staged 'b c.py'".to_owned()));
    // A commit that was changed.
    sandbox.start("t");
    sandbox.with_file("t", "a.py", "x = 1\n");
    let dropped = sandbox.with_file("t", "a.py", &source);
    sandbox.write("t/a.py", "x = 2\n");
    sandbox.in_folder("t", &["commit", "-qa", "--amend", "-m", "y"]);
    let said = sandbox.incident("t", &key(KEY), &[]);
    assert_eq!(said.list("/git/dropped", "commit"), [dropped], "{}", said.whole);
    assert_eq!(said.git("pushed"), &Value::Bool(false));
    // Messages and names.
    sandbox.start("m");
    sandbox.with_file("m", "a.py", "x = 1\n");
    sandbox.in_folder("m", &["commit", "-q", "--allow-empty", "-m", &format!("was {}", key(KEY))]);
    sandbox.in_folder("m", &["tag", "-a", "v1", "-m", &key(KEY)]);
    let said = sandbox.incident("m", &key(KEY), &[]);
    assert_eq!(said.list("/git/places", "path"), ["the message of a commit", "the message of tag v1"]);
}

#[test]
fn stores_are_asked() {
    let sandbox = Sandbox::new();
    sandbox.start("r");
    sandbox.write("r/.gitignore", ".env\n");
    sandbox.write("r/app.py", with_keys("import openai\nk = openai.OpenAI(api_key=\"{openai.project}\")\n").text);
    let run = |args: &[&str]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
        let out = command.args(args).current_dir(sandbox.work().join("r")).output().expect("it starts");
        assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
    };
    run(&["store", "init", "--yes"]);
    run(&["--check", "--fix", "--yes", "--to", "local", "app.py"]);
    let said = sandbox.incident("r", &key(KEY), &[]);
    assert_eq!((said.code, said.places().len()), (Some(1), 0), "{}", said.whole);
    let reference = "ref+age://.aikeys/secrets.age#/OPENAI_API_KEY";
    assert_eq!(said.list("/references", "reference"), [reference]);
    assert!(said.list("/steps", "command").contains(&"aikeys-lsp rotate OPENAI_API_KEY --grace 0m".to_owned()));
    // Another value behind it; a reference that leads nowhere; a store that nobody reaches, which leaves it open.
    let said = sandbox.incident("r", &key("openai.project#2"), &[]);
    assert_eq!((said.code, said.list("/references", "reference").len()), (Some(2), 0), "{}", said.whole);
    sandbox.write("r/.env", "A=\"ref+age://.aikeys/secrets.age#/NONE\"\nB=\"ref+vault://secret/app#/B\"\n");
    let vault = [("VAULT_ADDR", "http://127.0.0.1:9"), ("VAULT_TOKEN", "t"), ("AIKEYS_STAND_IN", "127.0.0.1:9")];
    let said = sandbox.incident_with("r", &key(KEY), &[], &vault);
    let unknown = said.whole["unknown-references"].as_array().expect("a list");
    assert_eq!((unknown.len(), &unknown[0]["store"]), (1, &Value::from("vault")), "{}", said.whole);
    assert!(unknown[0]["problem"].as_str().is_some_and(|it| it.contains("cannot be reached")), "{unknown:?}");
    let said = sandbox.incident("r", &key("openai.project#2"), &[]);
    assert!(said.reasons().contains("could not be followed"), "{}", said.whole);
}

#[test]
fn clones_that_are_cut_and_repositories_that_are_broken_say_so() {
    let sandbox = Sandbox::new();
    sandbox.start("up");
    sandbox.with_file("up", "a.py", &format!("k = \"{}\"\n", key(KEY)));
    sandbox.with_file("up", "a.py", "x = 1\n");
    sandbox.with_file("up", ".gitmodules", "[submodule \"x\"]\n\tpath = lib/x\n\turl = ../x\n");
    sandbox.with_file("up", ".gitattributes", "*.bin filter=lfs diff=lfs\n");
    let url = format!("file://{}", sandbox.work().join("up").display());
    sandbox.in_folder(".", &["clone", "-q", "--depth=1", &url, "shallow"]);
    let said = sandbox.incident("shallow", &key(KEY), &[]);
    let lacks = said.whole["not-looked-at"].to_string();
    for what in ["(shallow)", "lib/x", "git LFS"] {
        assert!(lacks.contains(what), "{what}: {lacks}");
    }
    assert_eq!(said.code, Some(2));
    assert!(said.reasons().contains("not all of the history"), "{}", said.whole);
    // One broken object, a broken HEAD, no repository.
    let blob = sandbox.in_folder("up", &["rev-parse", "HEAD:.gitmodules"]);
    let file = sandbox.work().join("up/.git/objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(&file).expect("removed");
    fs::write(&file, b"x\x01broken").expect("written");
    let said = sandbox.incident("up", &key("openai.project#2"), &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.whole["problems"].to_string().contains("git fsck"), "{}", said.whole);
    assert!(sandbox.incident("up", &key(KEY), &[]).list("/git/places", "path") == ["a.py"], "the rest is answered");
    fs::write(sandbox.work().join("up/.git/config"), "[core\n").expect("written");
    let said = sandbox.incident("up", &key(KEY), &[]);
    assert_eq!(said.code, Some(2), "{}", said.whole);
    assert!(said.whole["problems"].to_string().contains("git's data"), "{} {}", said.whole, said.errors);
    sandbox.write("plain/a.txt", key(KEY));
    let said = sandbox.incident("plain", &key(KEY), &[]);
    assert_eq!((said.code, said.places(), &said.key()["git"]), (Some(1), vec!["a.txt:1".to_owned()], &Value::Null));
    let said = sandbox.incident("plain", &key("openai.project#2"), &[]);
    assert!(said.code == Some(2) && !said.reasons().contains("git"), "{}", said.whole);
}

#[test]
fn a_file_that_cannot_be_read_leaves_it_open() {
    let sandbox = Sandbox::new();
    sandbox.write("r/node_modules/huge.bin", "x\n");
    // Nothing of it is on the disk.
    let file = fs::OpenOptions::new().write(true).open(sandbox.work().join("r/node_modules/huge.bin"));
    file.expect("it is there").set_len(5 << 30).expect("it grows");
    let said = sandbox.incident("r", &key(KEY), &[]);
    assert!(said.code == Some(2) && said.reasons().contains("not all files"), "{}", said.whole);
    assert!(said.whole["problems"].to_string().contains("huge.bin: larger than 4 GB"), "{}", said.whole);
}

#[cfg(feature = "verify")]
mod alive {
    use super::*;
    use crate::verify::{Says, stand_in};

    fn with(says: Says, sandbox: &Sandbox, given: &str, format: &[&str]) -> (Said, Vec<String>) {
        let (address, heard) = stand_in(says);
        let said = sandbox.incident_with("r", given, format, &[("AIKEYS_STAND_IN", &address.to_string())]);
        let heard = heard.lock().expect("unlocked").clone();
        (said, heard)
    }

    #[test]
    fn the_provider_tells_whether_it_is_alive() {
        let sandbox = Sandbox::new();
        sandbox.start("r");
        let (said, heard) = with(Says::Status(200, "{}"), &sandbox, &key(KEY), &[]);
        assert_eq!((said.code, &said.key()["life"]), (Some(1), &Value::from("live")), "{}", said.whole);
        assert!(heard.len() == 1 && heard[0].contains(&key(KEY)), "its provider alone is asked");
        assert!(said.errors.contains("api.openai.com (`--offline` asks nobody)"), "{}", said.errors);
        assert!(said.key()["used"]["reason"].as_str().is_some_and(|it| it.contains("OPENAI_ADMIN_KEY")));
        let (said, _) = with(Says::Status(401, "{}"), &sandbox, &key(KEY), &[]);
        assert_eq!((said.code, &said.key()["verdict"]), (Some(0), &Value::from("contained")), "{}", said.whole);
        // Dead, and it stands somewhere; dead, and only the history has it.
        sandbox.with_file("r", "a.py", &format!("k = \"{}\"\n", key(KEY)));
        let (said, _) = with(Says::Status(401, "{}"), &sandbox, &key(KEY), &[]);
        assert_eq!((said.code, said.places().len()), (Some(1), 1), "{}", said.whole);
        sandbox.with_file("r", "a.py", "x = 1\n");
        let (said, _) = with(Says::Status(401, "{}"), &sandbox, &key(KEY), &[]);
        assert_eq!((said.code, said.git("versions")), (Some(0), &Value::from(1)), "{}", said.whole);
        // Nobody answers, nobody may be asked, nobody knows whom.
        for says in [Says::Close, Says::Status(500, "")] {
            let (said, _) = with(says, &sandbox, &key("openai.project#2"), &[]);
            assert_eq!((said.code, &said.key()["life"]), (Some(2), &Value::from("unknown")), "{}", said.whole);
        }
        let (said, heard) = with(Says::Status(200, "{}"), &sandbox, &key("openai.project#2"), &["--offline"]);
        assert_eq!((said.code, heard.len()), (Some(2), 0));
        let (said, heard) = with(Says::Status(200, "{}"), &sandbox, &key("mistral.api"), &[]);
        assert_eq!((said.code, heard.len()), (Some(2), 0), "{}", said.whole);
        let named = format!("MISTRAL_API_KEY={}", key("mistral.api"));
        let (said, heard) = with(Says::Status(200, "{}"), &sandbox, &named, &[]);
        assert_eq!((said.code, heard.len()), (Some(1), 1), "{}", said.whole);
    }

    #[test]
    fn several_keys_are_answered_for_the_worst_first() {
        let sandbox = Sandbox::new();
        sandbox.start("r");
        let all = format!("GROQ_API_KEY={}\nOPENAI_ADMIN_KEY={}\n", key("groq.api"), key("openai.admin"));
        let (said, heard) = with(Says::Status(401, "{}"), &sandbox, &all, &[]);
        let names: Vec<&str> =
            said.whole["keys"].as_array().expect("keys").iter().filter_map(|it| it["variable"].as_str()).collect();
        assert_eq!(names, ["OPENAI_ADMIN_KEY", "GROQ_API_KEY"], "{}", said.whole);
        assert!(heard.len() <= 2);
        sandbox.write("r/a.txt", key("groq.api"));
        assert_eq!(with(Says::Status(401, "{}"), &sandbox, &all, &[]).0.code, Some(1), "one of them is not contained");
    }

    #[test]
    fn an_account_says_when_it_was_last_used() {
        use aikeys::accounts::{Abilities, Account, AccountError, KeyUse, NewKey, Order, RemoteKey};
        use aikeys::incident::{Case, Others, Used, examine, taken};
        use aikeys::secrets::Catalogue;
        use jiff::Timestamp;

        struct Book(Result<Vec<RemoteKey>, String>);
        impl Account for Book {
            fn provider(&self) -> &str {
                "openai"
            }
            fn abilities(&self) -> Abilities {
                Abilities::default()
            }
            fn keys(&self) -> Result<Vec<RemoteKey>, AccountError> {
                self.0.clone().map_err(AccountError::Refused)
            }
            fn create(&self, _: &RemoteKey, _: &Order) -> Result<NewKey, AccountError> {
                unreachable!("nobody asked for one")
            }
            fn disable(&self, _: &RemoteKey) -> Result<(), AccountError> {
                unreachable!("nobody asked for it")
            }
            fn enable(&self, _: &RemoteKey) -> Result<(), AccountError> {
                unreachable!("nobody asked for it")
            }
            fn remove(&self, _: &RemoteKey) -> Result<(), AccountError> {
                unreachable!("nobody asked for it")
            }
            fn usage(&self, _: Timestamp) -> Result<Vec<KeyUse>, AccountError> {
                unreachable!("nobody asked for it")
            }
            fn skew(&self) -> i64 {
                0
            }
        }

        let sandbox = Sandbox::new();
        let value = key(KEY);
        let last = Timestamp::from_second(1_780_000_000).expect("a time");
        let row = |id: &str, redacted: String| RemoteKey {
            id: id.to_owned(),
            scope: None,
            owner: None,
            name: "ci".to_owned(),
            redacted,
            created: None,
            expires: None,
            last_used: Some(last),
            active: true,
        };
        let (first, end) = (value[..12].to_owned(), value[value.len() - 4..].to_owned());
        let ours = row("key_1", format!("{first}...{end}"));
        let other = row("key_2", "sk-proj-other...1234".to_owned());
        let used = |keys: Result<Vec<RemoteKey>, String>| {
            let keys_of_input = taken(Catalogue::built_in(), &value).expect("a key");
            let case = Case::open(&sandbox.work(), keys_of_input, false).expect("a case");
            let account = |_: &str| Ok(Some(Box::new(Book(keys.clone())) as Box<dyn Account>));
            let ask = |_: &[_]| Err("nobody is there".to_owned());
            let questions = case.questions();
            let found = examine(&case, questions, &Others { ask: &ask, account: &account }, &mut |_| {});
            found.used.expect("an answer").remove(0)
        };
        let known = Used::Known { name: "ci".to_owned(), id: "key_1".to_owned(), last: Some(last), active: true };
        assert_eq!(used(Ok(vec![other.clone(), ours.clone()])), known);
        assert!(matches!(used(Ok(vec![other])), Used::Unknown(why) if why.contains("no such key")));
        assert!(matches!(used(Ok(vec![ours.clone(), ours])), Used::Unknown(why) if why.starts_with("2 keys")));
        assert_eq!(used(Err("it said no".to_owned())), Used::Unknown("it said no".to_owned()));
    }

    #[test]
    fn the_first_screen_does_not_wait_for_who_is_silent() {
        use aikeys::incident::{Case, News, Others, examine, taken};
        use aikeys::secrets::Catalogue;
        use aikeys::verify::Life;
        use std::time::{Duration, Instant};

        let sandbox = Sandbox::new();
        sandbox.write("a.txt", key(KEY));
        let case = Case::open(&sandbox.work(), taken(Catalogue::built_in(), &key(KEY)).expect("a key"), false);
        let case = case.expect("a case");
        let ask = |_: &[_]| {
            std::thread::sleep(Duration::from_secs(11));
            Ok(vec![Life::Dead])
        };
        let (begun, mut first) = (Instant::now(), None);
        let others = Others { ask: &ask, account: &|_| Ok(None) };
        let found = examine(&case, case.questions(), &others, &mut |news| {
            if let News::First(found) = news {
                first = Some((begun.elapsed(), found.places(0).count(), found.lives.is_some()));
            }
        });
        let (time, places, is_answered) = first.expect("a first screen");
        // It does not wait for the answer, which takes longer.
        assert!(places == 1 && !is_answered, "{time:?}");
        assert_eq!(found.life(0), Some(&Life::Dead), "the answer came later");
    }
}
