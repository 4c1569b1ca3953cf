//! The encrypted file: who can read it, the passphrase before an identity, and the `age` program beside us.

mod passphrase;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use aikeys::secrets::{Secret, SecretRef};

use super::{Room, alone, bare, error, holds, key, lossy, reference};
use crate::stores::servers::program;

const FILE: &str = ".aikeys/secrets.age";
const LIST: &str = ".aikeys/recipients.txt";

fn at(name: &str) -> SecretRef {
    SecretRef::new("age", FILE, Some(name))
}

/// A teammate's machine, with the same workspace.
struct Machine<'r> {
    room: &'r Room,
    identity: PathBuf,
}

impl Room {
    fn machine(&self, name: &str) -> Machine<'_> {
        Machine { room: self, identity: self.0.join(name) }
    }

    /// A command line in the workspace, with this machine's identity where nothing else is said.
    fn shell(&self, line: &str) -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.work()).stdin(Stdio::null()).output().expect("a shell")
    }

    /// What the `age` program makes of the encrypted file with an identity.
    fn decrypted(&self, identity: &str) -> Option<String> {
        program("age", "age");
        let output = self.shell(&format!("age -d -i '{identity}' {FILE}"));
        output.status.success().then(|| lossy(&output.stdout))
    }

    fn own_identity(&self) -> String {
        self.0.join("home/.config/aikeys-lsp/identity.txt").display().to_string()
    }
}

impl Machine<'_> {
    fn says(&self, arguments: &[&str], code: i32) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(arguments).current_dir(self.room.work()).env("AIKEYS_IDENTITY", &self.identity);
        let output = command.stdin(Stdio::null()).output().expect("aikeys-lsp starts");
        let said = format!("{}{}", lossy(&output.stdout), lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    fn public(&self) -> String {
        let text = fs::read_to_string(&self.identity).expect("an identity");
        text.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("a public key").to_owned()
    }

    fn path(&self) -> String {
        self.identity.display().to_string()
    }
}

#[test]
fn the_file_holds_keys_and_age_reads_it() {
    let Some(room) = alone("stores::near::local::the_file_holds_keys_and_age_reads_it", bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    let stores = room.stores();
    for name in ["GROQ_API_KEY", "a+b", "a#b/c", "with space", "ä\"\\$"] {
        holds(&stores, &reference(&at(name).to_string()));
    }
    stores.disable(&at("a+b"), "1").expect("it goes");
    assert!(!stores.exists(&at("a+b")).expect("an answer"));
    assert_eq!(stores.list(&SecretRef::new("age", FILE, None)).expect("an answer").len(), 4);
    room.moves_to("local", "Move to the encrypted store");
    let plain = room.decrypted(&room.own_identity()).expect("age opens it");
    let plain: serde_json::Value = serde_json::from_str(&plain).expect("it is JSON");
    assert_eq!(plain["secrets"]["GROQ_API_KEY"], key(2));
    assert_eq!(plain["secrets"]["OPENAI_API_KEY"], key(9));
    assert_eq!(plain["recipients"].as_array().map(Vec::len), Some(1));
    // 1,000 secrets are one decryption.
    let all: Vec<SecretRef> = (0..1000).map(|_| at("GROQ_API_KEY")).collect();
    let start = Instant::now();
    assert!(stores.get_all(&all).into_iter().all(|it| it.is_ok()));
    let whole = start.elapsed();
    let start = Instant::now();
    stores.get(&all[0]).expect("it is there");
    println!("near: 1,000 secrets of one file in {whole:?}, one in {:?}", start.elapsed());
    assert!(whole < start.elapsed() * 20 + std::time::Duration::from_millis(200), "{whole:?}");
}

#[test]
fn a_file_that_age_made_is_read_and_written_once_somebody_looked() {
    let test = "stores::near::local::a_file_that_age_made_is_read_and_written_once_somebody_looked";
    let Some(room) = alone(test, bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    for armor in ["-a", ""] {
        let plain = serde_json::json!({ "BY_HAND": key(1), "recipients": key(2) }).to_string();
        room.write("plain.json", &plain);
        assert!(room.shell(&format!("age {armor} -R {LIST} -o {FILE} plain.json")).status.success());
        let stores = room.stores();
        assert!(stores.get(&at("BY_HAND")).expect("it is there") == Secret::new(key(1)));
        assert!(stores.get(&at("recipients")).expect("it is there") == Secret::new(key(2)));
        let said = error(stores.put(&at("NEW"), &Secret::new(key(3))));
        assert!(said.contains("does not say who can read it") && said.contains("aikeys-lsp rekey"), "{said}");
        assert!(room.says(&["rekey", "--yes"], 0).contains("with 2 keys"));
        stores.put(&at("NEW"), &Secret::new(key(3))).expect("stored");
        assert!(stores.get(&at("BY_HAND")).expect("it is there") == Secret::new(key(1)));
    }
}

#[test]
fn a_team_shares_the_file() {
    let Some(room) = alone("stores::near::local::a_team_shares_the_file", bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    room.moves_to("local", "Move to the encrypted store (start");
    let ann = room.machine("ann");
    let said = ann.says(&["store", "init", "--yes"], 0);
    let invitation = format!("aikeys-lsp add-recipient {}", ann.public());
    assert!(said.contains("this machine cannot read it yet") && said.contains(&invitation), "{said}");
    let said = ann.says(&["run", "--", "true"], 2);
    assert!(said.contains("OPENAI_API_KEY") && said.contains(&invitation), "{said}");
    assert_eq!(room.decrypted(&ann.path()), None);

    let said = room.says(&["add-recipient", &ann.public(), "--as", "Ann's laptop", "--yes"], 0);
    assert!(said.contains("with 1 key can then be read by") && said.contains("(this machine)"), "{said}");
    assert!(said.contains(&format!("+ {} (\"Ann's laptop\")", ann.public())), "{said}");
    assert!(!said.contains("make new keys"), "nobody left");
    assert_eq!(ann.says(&["run", "--", "sh", "-c", "printf %s \"$OPENAI_API_KEY\""], 0), key(9));
    assert!(room.decrypted(&ann.path()).is_some());
    assert!(room.read(LIST).contains(&format!("# Ann's laptop\n{}\n", ann.public())));
    let said = room.says(&["add-recipient", &ann.public(), "--yes"], 0);
    assert!(said.contains("can read .aikeys/secrets.age already"), "{said}");
    // How many can read it stands where keys move.
    let to = room.stores().destination("local").expect("a place");
    assert_eq!(to.label, "the encrypted store of 2 readers");

    // Her first key there goes to somebody whom her machine does not know: she is told who that is, and says yes.
    let text = format!("client = OpenAI(api_key=\"{}\")\n", key(4));
    room.write("hers.py", &text);
    let fix = ["--check", "--fix", "--yes", "--to", "local", "--name", "HERS", "hers.py"];
    let said = ann.says(&fix, 2);
    assert!(said.contains("has not written to this file yet") && said.contains("aikeys-lsp rekey"), "a refusal");
    assert_eq!(room.read("hers.py"), text);
    ann.says(&["rekey", "--yes"], 0);
    ann.says(&fix, 0);
    assert!(!room.read("hers.py").contains(&key(4)));

    // She lets others in, from a file; nobody is asked for in a script.
    let (bob, eve) = (room.machine("bob"), room.machine("eve"));
    bob.says(&["store", "init", "--yes"], 0);
    eve.says(&["store", "init", "--yes"], 0);
    room.write("keys.txt", &format!("# Bob\n{}\n\n{}\n", bob.public(), eve.public()));
    let said = ann.says(&["add-recipient", "keys.txt"], 2);
    assert!(said.contains("add --yes"), "{said}");
    assert_eq!(room.decrypted(&bob.path()), None, "nothing was changed");
    ann.says(&["add-recipient", "keys.txt", "--yes"], 0);
    assert!(room.decrypted(&bob.path()).is_some() && room.decrypted(&eve.path()).is_some());

    // Eve leaves: her line goes, and the file is encrypted anew.
    let list = room.read(LIST).replace(&eve.public(), "");
    room.write(LIST, &list);
    assert!(room.decrypted(&eve.path()).is_some(), "the file is the old one yet");
    let said = room.says(&["rekey", "--yes"], 0);
    assert!(said.contains(&format!("- {}", eve.public())), "{said}");
    assert!(said.contains("still knows the old keys") && said.contains("for HERS, OPENAI_API_KEY"), "{said}");
    assert_eq!(room.decrypted(&eve.path()), None);
    assert!(room.decrypted(&bob.path()).is_some());
    // Whoever left the list is also left out by the next key.
    room.write(LIST, &room.read(LIST).replace(&bob.public(), ""));
    room.stores().put(&at("NEW"), &Secret::new(key(1))).expect("stored");
    assert_eq!(room.decrypted(&bob.path()), None);
    assert!(room.decrypted(&ann.path()).is_some());
    // Oneself cannot be left out by mistake.
    room.write(LIST, &format!("{}\n", ann.public()));
    for said in [error(room.stores().put(&at("MORE"), &Secret::new(key(1)))), room.says(&["rekey", "--yes"], 2)] {
        assert!(said.contains("no longer names this machine"), "{said}");
    }
}

#[test]
fn a_stranger_in_the_list_gets_nothing() {
    let Some(room) = alone("stores::near::local::a_stranger_in_the_list_gets_nothing", bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    let (stranger, ann) = (room.machine("stranger"), room.machine("ann"));
    stranger.says(&["store", "init", "--yes"], 0);
    ann.says(&["store", "init", "--yes"], 0);
    let file = fs::read(room.work().join(FILE)).expect("a file");
    room.write(LIST, &format!("{}\n# a colleague\n{}\n", room.read(LIST), stranger.public()));
    // As a program and as a move.
    let said = error(room.stores().put(&at("KEY"), &Secret::new(key(1))));
    assert!(said.contains("recipients.txt now also names") && said.contains(&stranger.public()), "{said}");
    assert!(said.contains("aikeys-lsp rekey") && said.contains("take them out"), "{said}");
    let key = key(3);
    room.write("app.py", &format!("client = OpenAI(api_key=\"{key}\")\n"));
    let said = room.says(&["--check", "--fix", "--yes", "--to", "local", "app.py"], 2);
    assert!(said.contains("recipients.txt now also names"), "{}", said.replace(&key, "[the key]"));
    assert!(room.read("app.py").contains(&key), "the key stays in its source");
    // Letting Ann in lets nobody else in.
    let said = room.says(&["add-recipient", &ann.public(), "--yes"], 2);
    assert!(said.contains(&stranger.public()) && !room.read(LIST).contains(&ann.public()), "{said}");
    assert_eq!(fs::read(room.work().join(FILE)).expect("a file"), file, "the file is as it was");
    assert!(room.stores().list(&SecretRef::new("age", FILE, None)).is_ok(), "it can be read");
    assert_eq!(room.decrypted(&stranger.path()), None);
    // Who is let in is named before.
    let said = room.says(&["rekey"], 2);
    assert!(said.contains(&format!("+ {} (\"a colleague\")", stranger.public())), "{said}");
    room.says(&["add-recipient", &stranger.public(), "--yes"], 0);
    room.stores().put(&at("KEY"), &Secret::new(key)).expect("stored");
    assert!(room.decrypted(&stranger.path()).is_some());
}

#[test]
fn a_file_that_a_stranger_made_is_noticed() {
    let Some(room) = alone("stores::near::local::a_file_that_a_stranger_made_is_noticed", bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    room.stores().put(&at("KEY"), &Secret::new(key(1))).expect("stored");
    let (good, list) = (fs::read(room.work().join(FILE)).expect("a file"), room.read(LIST));
    let (stranger, ann) = (room.machine("stranger"), room.machine("ann"));
    stranger.says(&["store", "init", "--yes"], 0);
    ann.says(&["store", "init", "--yes"], 0);
    // All that a pull request can bring, made with public keys alone.
    let own = list.lines().last().expect("a key").to_owned();
    let bad_list = format!("{list}{}\n", stranger.public());
    room.write(LIST, &bad_list);
    let plain = serde_json::json!({
        "origin": "0", "recipients": [own, stranger.public()], "secrets": { "KEY": "sk-made-up" }
    });
    room.write("plain.json", &plain.to_string());
    assert!(room.shell(&format!("age -a -R {LIST} -o {FILE} plain.json")).status.success());
    let refused = [
        error(room.stores().put(&at("NEW"), &Secret::new(key(2)))),
        room.says(&["add-recipient", &ann.public(), "--yes"], 2),
    ];
    for said in refused {
        assert!(said.contains("somebody made this file anew") && said.contains(&stranger.public()), "{said}");
    }
    let said = room.says(&["rekey"], 2);
    assert!(said.contains("did not write this file") && said.contains(&format!("+ {}", stranger.public())), "{said}");
    // The old file is still known, and so is what a teammate makes of it.
    fs::write(room.work().join(FILE), &good).expect("written");
    room.write(LIST, &list);
    room.says(&["add-recipient", &ann.public(), "--yes"], 0);
    ann.says(&["add-recipient", &stranger.public(), "--yes"], 0);
    room.stores().put(&at("NEW"), &Secret::new(key(2))).unwrap_or_else(|error| panic!("{error}"));
    // Who was removed cannot make one either.
    let old = room.decrypted(&stranger.path()).expect("a reader");
    room.write(LIST, &room.read(LIST).replace(&stranger.public(), ""));
    room.says(&["rekey", "--yes"], 0);
    room.write(LIST, &format!("{}\n{}\n", room.read(LIST), stranger.public()));
    room.write("plain.json", &old);
    assert!(room.shell(&format!("age -a -R {LIST} -o {FILE} plain.json")).status.success());
    let said = error(room.stores().put(&at("MORE"), &Secret::new(key(3))));
    assert!(said.contains("somebody made this file anew"), "{said}");
    assert!(room.says(&["rekey", "--yes"], 0).contains("encrypted .aikeys/secrets.age anew"));
    room.stores().put(&at("MORE"), &Secret::new(key(3))).expect("stored");
}

#[test]
fn two_at_once_lose_nothing() {
    let Some(room) = alone("stores::near::local::two_at_once_lose_nothing", bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    std::thread::scope(|scope| {
        for one in 0..2 {
            let room = &room;
            scope.spawn(move || {
                let stores = room.stores();
                for number in 0..20 {
                    let at = at(&format!("KEY_{one}_{number}"));
                    let mut tries = 0;
                    while let Err(error) = stores.put(&at, &Secret::new(key(number))) {
                        tries += 1;
                        assert!(error.to_string().contains("try again") && tries < 20, "{error}");
                    }
                }
            });
        }
    });
    assert_eq!(room.stores().list(&SecretRef::new("age", FILE, None)).expect("an answer").len(), 40);
}

#[test]
fn what_is_no_public_key_is_refused_and_not_repeated() {
    let test = "stores::near::local::what_is_no_public_key_is_refused_and_not_repeated";
    let Some(room) = alone(test, bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    let own = fs::read_to_string(room.own_identity()).expect("an identity");
    let private = own.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).expect("a private key").to_owned();
    for word in [private.clone(), private.to_lowercase()] {
        let said = room.says(&["add-recipient", &word, "--yes"], 2);
        assert!(said.contains("this is a private key"), "{said}");
        assert!(!said.to_lowercase().contains(&private[16..40].to_lowercase()), "it is repeated");
    }
    let said = room.says(&["add-recipient", &room.own_identity(), "--yes"], 2);
    assert!(said.contains("this is a private key") && !said.contains(&private[16..40]), "{said}");
    for word in ["ssh-ed25519", "age1abc", "no-such-file"] {
        let said = room.says(&["add-recipient", word, "--yes"], 2);
        assert!(said.contains("this is no public key of age"), "{said}");
    }
    room.write(LIST, &format!("{}{private}\n", room.read(LIST)));
    let said = error(room.stores().put(&at("KEY"), &Secret::new(key(1))));
    assert!(
        said.contains("recipients.txt, line 4: this is a private key") && !said.contains(&private[16..40]),
        "{said}"
    );
}

#[test]
fn files_that_cannot_be_opened_say_what_to_do() {
    let Some(room) = alone("stores::near::local::files_that_cannot_be_opened_say_what_to_do", bare) else { return };
    let said = error(room.stores().get(&at("KEY")));
    assert!(said.contains("make it with `aikeys-lsp store init`"), "{said}");
    room.says(&["store", "init", "--yes"], 0);
    room.stores().put(&at("KEY"), &Secret::new(key(1))).expect("stored");
    let file = fs::read(room.work().join(FILE)).expect("a file");
    let cut = |len: usize| file[..len].to_vec();
    let changed = |at: usize| {
        let mut file = file.clone();
        file[at] = if file[at] == b'A' { b'B' } else { b'A' };
        file
    };
    let broken = [
        Vec::new(),
        b"no age file\n".to_vec(),
        cut(20),
        cut(200),
        cut(file.len() - 60),
        changed(300),
        changed(file.len() - 60),
    ];
    for bytes in broken {
        fs::write(room.work().join(FILE), &bytes).expect("written");
        let said = error(room.stores().get(&at("KEY")));
        assert!(said.contains("the file is damaged: restore it from git"), "{} bytes: {said}", bytes.len());
        assert!(room.stores().put(&at("KEY"), &Secret::new(key(1))).is_err());
        assert_eq!(fs::read(room.work().join(FILE)).expect("a file"), bytes, "it is not written over");
    }
    room.write("plain.json", "[1, 2]");
    assert!(room.shell(&format!("age -a -R {LIST} -o {FILE} plain.json")).status.success());
    assert!(error(room.stores().get(&at("KEY"))).contains("the file is damaged"));
    fs::write(room.work().join(FILE), &file).expect("written");

    let said = error(room.stores().get(&reference("ref+age://.aikeys/secrets.age")));
    assert!(said.contains("names no secret"), "{said}");
    let identity = fs::read(room.own_identity()).expect("an identity");
    fs::write(room.own_identity(), "what is this\n").expect("written");
    assert!(error(room.stores().get(&at("KEY"))).contains("this is no age identity"));
    fs::remove_file(room.own_identity()).expect("it goes");
    assert!(error(room.stores().get(&at("KEY"))).contains("there is no identity on this machine"));
    // Another machine's identity.
    let other = room.machine("other");
    other.says(&["store", "init", "--yes"], 0);
    fs::copy(&other.identity, room.own_identity()).expect("copied");
    let said = error(room.stores().get(&at("KEY")));
    assert!(said.contains("not among its readers") && said.contains(&other.public()), "{said}");
    fs::write(room.own_identity(), &identity).expect("written");
    assert!(room.stores().get(&at("KEY")).expect("it is there") == Secret::new(key(1)));
}
