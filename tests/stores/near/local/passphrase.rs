//! The passphrase before an identity: typed on a terminal, or printed by a program.

use std::fs;
use std::process::Output;

use aikeys::secrets::Secret;

use super::{FILE, at};
use crate::stores::near::{Room, alone, bare, error, holds, in_time, key, lossy, reference};

/// A program that prints a passphrase, in the user's settings.
fn passphrase(room: &Room, prints: &str) {
    room.script("my-passphrase", &format!("echo asked >>\"$AIKEYS_NEAR_ROOM/asked\"\n{prints}"));
    room.settings("[stores.local]\npassphrase-command = ['my-passphrase']\n");
}

/// A command on a terminal, where this is typed once it asks.
fn typed(room: &Room, command: &str, lines: &[&str]) -> Output {
    // Each line is typed when the question before it stands there: what comes too early is not read.
    let lines: String = lines.iter().map(|line| format!("sleep 2; echo '{line}'; ")).collect();
    room.shell(&format!("({lines} sleep 1) | script -qec \"{command}\" /dev/null"))
}

#[test]
fn a_passphrase_protects_an_identity() {
    let Some(room) = alone("stores::near::local::passphrase::a_passphrase_protects_an_identity", bare) else { return };
    room.says(&["store", "init", "--yes"], 0);
    room.stores().put(&at("KEY"), &Secret::new(key(1))).expect("stored");
    let aikeys = env!("CARGO_BIN_EXE_aikeys-lsp");
    let plain = fs::read_to_string(room.own_identity()).expect("an identity");

    // Twice the same, or nothing happens.
    let said = typed(&room, &format!("{aikeys} store init --passphrase --yes"), &["one", "other"]);
    assert!(lossy(&said.stdout).contains("these were two passphrases"), "{}", lossy(&said.stdout));
    assert_eq!(fs::read_to_string(room.own_identity()).expect("an identity"), plain);
    let said = typed(&room, &format!("{aikeys} store init --passphrase --yes"), &["", ""]);
    assert!(lossy(&said.stdout).contains("an empty passphrase"), "{}", lossy(&said.stdout));
    let said = typed(&room, &format!("{aikeys} store init --passphrase --yes"), &["correct horse", "correct horse"]);
    assert!(said.status.success() && lossy(&said.stdout).contains("a passphrase protects"), "{}", lossy(&said.stdout));
    assert!(!lossy(&said.stdout).contains("correct horse"), "it is shown");
    let sealed = fs::read_to_string(room.own_identity()).expect("an identity");
    assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"), "{sealed}");
    assert!(!sealed.contains("AGE-SECRET-KEY-"));

    // Our own program and `age` ask for it, the first one again where it was mistyped.
    room.write(".env", &format!("GROQ_API_KEY=\"{}\"\n", at("KEY")));
    let run = format!("{aikeys} run -- sh -c 'echo got \\$GROQ_API_KEY'");
    let said = typed(&room, &run, &["wrong", "correct horse"]);
    assert!(lossy(&said.stdout).contains(&format!("got {}", key(1))), "{}", lossy(&said.stdout));
    let said = typed(&room, &run, &["wrong", "wrong", "wrong"]);
    assert!(lossy(&said.stdout).contains("that passphrase does not open"), "{}", lossy(&said.stdout));
    let said = typed(&room, &format!("age -d -i {} {FILE}", room.own_identity()), &["correct horse"]);
    assert!(lossy(&said.stdout).contains(&key(1)), "{}", lossy(&said.stdout));

    // Without a terminal, as in an editor: what to do.
    for said in [error(room.stores().get(&at("KEY"))), room.says(&["run", "--", "true"], 2)] {
        assert!(said.contains("no terminal to ask") && said.contains("passphrase-command"), "{said}");
    }
    assert!(room.stores().at_hand(&at("KEY")).is_none(), "nobody is asked");
    assert!(room.says(&["--check", "."], 0).contains("nothing found"));

    // A program of the user's knows it.
    passphrase(&room, "echo locked >&2; exit 4");
    let said = error(room.stores().get(&at("KEY")));
    assert!(said.contains("`my-passphrase`") && said.contains("exit code 4: locked"), "{said}");
    passphrase(&room, ":");
    assert!(error(room.stores().get(&at("KEY"))).contains("printed nothing"));
    passphrase(&room, "echo wrong");
    assert!(error(room.stores().get(&at("KEY"))).contains("that passphrase does not open"));
    passphrase(&room, "sleep 60");
    assert!(in_time(|| error(room.stores().get(&at("KEY")))).contains("did not end within 10 seconds"));
    passphrase(&room, "echo 'correct horse'");
    fs::remove_file(room.0.join("asked")).expect("it goes");
    assert!(room.stores().at_hand(&at("KEY")).is_none(), "no program is started");
    assert!(room.says(&["--check", "."], 0).contains("nothing found"));
    assert!(!room.0.join("asked").exists(), "no program is started");
    assert!(room.stores().get(&at("KEY")).expect("it is there") == Secret::new(key(1)));
    holds(&room.stores(), &reference(&at("OTHER").to_string()));
    assert!(room.stores().at_hand(&at("KEY")).is_some(), "it is open now");
    let asked = fs::read_to_string(room.0.join("asked")).expect("a list");
    assert_eq!(asked.lines().count(), 1, "an opened identity stays open");

    // A workspace cannot name that program.
    room.write("aikeys.toml", "[stores.local]\npassphrase-command = ['my-passphrase']\n");
    let said = room.says(&["run", "--", "true"], 2);
    assert!(said.contains("belong into your own settings"), "{said}");
    fs::remove_file(room.work().join("aikeys.toml")).expect("it goes");

    // Another passphrase, and an identity that `age` protected.
    let said = room.says(&["store", "init", "--passphrase", "--yes"], 0);
    assert!(said.contains("a passphrase protects"), "{said}");
    assert!(fs::read_to_string(room.own_identity()).expect("an identity") != sealed);
    fs::write(room.0.join("plain"), &plain).expect("written");
    let protect = format!("age -p -o {} {}", room.own_identity(), room.0.join("plain").display());
    fs::remove_file(room.own_identity()).expect("it goes");
    typed(&room, &protect, &["correct horse", "correct horse"]);
    assert!(fs::read(room.own_identity()).expect("age made it").starts_with(b"age-encryption.org"));
    assert!(room.stores().get(&at("KEY")).unwrap_or_else(|error| panic!("{error}")) == Secret::new(key(1)));
}
