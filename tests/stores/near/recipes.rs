//! `.github/examples/stores`: each file is run as it is.

use std::fs;
use std::path::Path;

use aikeys::secrets::Secret;

use super::{Room, alone, error, holds, key, reference};
use crate::stores::servers::Pass;

fn recipe(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/examples/stores").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files that are tested here.
const PLAYED: [(&str, &str, &str); 5] = [
    ("1password.toml", "1password", "op"),
    ("azure.toml", "azure", "az"),
    ("doppler.toml", "doppler", "doppler"),
    ("infisical.toml", "infisical", "infisical"),
    ("bitwarden.toml", "bitwarden", "bw"),
];
const OTHERS: [&str; 2] = ["pass.toml", "bitwarden-secrets.toml"];

#[test]
fn every_recipe_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/examples/stores");
    let readme = fs::read_to_string(folder.join("README.md")).expect("a page");
    let mut found = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            let tested = PLAYED.iter().any(|(file, ..)| *file == name) || OTHERS.contains(&name.as_str());
            assert!(tested && readme.contains(&format!("| `{name}` |")), "{name}");
            found += 1;
        }
    }
    assert_eq!(found, PLAYED.len() + OTHERS.len());
}

#[test]
fn pass_holds_keys() {
    let pass = std::env::var_os(super::ROOM).is_none().then(Pass::start);
    let prepare = |room: &Room| {
        room.settings(&recipe("pass.toml"));
        let pass = pass.as_ref().expect("it runs");
        pass.environment().into_iter().filter(|(name, _)| *name != "HOME").collect()
    };
    let Some(room) = alone("stores::near::recipes::pass_holds_keys", prepare) else { return };
    let stores = room.stores();
    for name in ["work/GROQ_API_KEY", "a b/c%2Bd%23e", "dir/what?", "ä$x'y"] {
        holds(&stores, &reference(&format!("ref+exec://pass/{}", name.replace('?', "%3F").replace(' ', "%20"))));
    }
    // `pass` itself reads what we wrote, and the other way round.
    room.moves_to("pass", "pass as work/OPENAI_API_KEY");
    let pass = |script: &str| std::process::Command::new("sh").args(["-c", script]).output().expect("it starts");
    assert!(super::lossy(&pass("pass show work/OPENAI_API_KEY").stdout) == key(9));
    assert!(pass("echo by-hand | pass insert --echo by/hand").status.success());
    assert!(stores.get(&reference("ref+exec://pass/by/hand")).expect("it is there") == Secret::new("by-hand"));
    let sneaky = error(stores.put(&reference("ref+exec://pass/../../x"), &Secret::new(key(3))));
    assert!(sneaky.contains("sneaky path"), "{sneaky}");
    // The agent does not know the passphrase, and there is no terminal to ask on: nothing is taken for empty.
    let at = reference("ref+exec://pass/work/LOCKED");
    stores.put(&at, &Secret::new(key(4))).expect("stored");
    let home = std::env::var("GNUPGHOME").expect("it is set");
    fs::rename(format!("{home}/private-keys-v1.d"), format!("{home}/away")).expect("the keys go");
    let _ = std::process::Command::new("gpg-connect-agent").args(["reloadagent", "/bye"]).output();
    for locked in [error(stores.get(&at)), error(stores.put(&at, &Secret::new(key(5))))] {
        assert!(locked.contains("pass ended with exit code") && locked.contains("No secret key"), "{locked}");
    }
    fs::rename(format!("{home}/away"), format!("{home}/private-keys-v1.d")).expect("they come back");
    assert!(stores.get(&at).expect("it is still there") == Secret::new(key(4)));
}

#[test]
fn programs_that_are_played_hold_keys() {
    let prepare = |room: &Room| {
        PLAYED.iter().for_each(|(_, _, program)| room.double(program));
        vec![("DOUBLE_STATE".to_owned(), room.0.join("state.json"))]
    };
    let Some(room) = alone("stores::near::recipes::programs_that_are_played_hold_keys", prepare) else { return };
    for (file, id, _) in PLAYED {
        let _ = fs::remove_file(room.0.join("state.json"));
        room.settings(&recipe(file));
        let stores = room.stores();
        let to = stores.destination(id).unwrap_or_else(|error| panic!("{file}: {error}"));
        let at = to.reference.expect("a reference").replace("{name}", "GROQ_API_KEY");
        // A name that contains the other one is another name.
        let longer = reference(&to_longer(&at));
        stores.put(&longer, &Secret::new(key(7))).unwrap_or_else(|error| panic!("{file}: {error}"));
        holds(&stores, &reference(&at));
        assert!(stores.get(&longer).expect("it is there") == Secret::new(key(7)), "{file}: another name");
        room.moves_to(id, &format!("{id} as "));
        let _ = fs::remove_file(room.work().join(".env"));
    }
}

fn to_longer(at: &str) -> String {
    format!("{at}_2")
}

#[test]
fn programs_that_are_locked_say_so() {
    let prepare = |room: &Room| {
        PLAYED.iter().for_each(|(_, _, program)| room.double(program));
        room.double("bws");
        let state = room.0.join("state.json").display().to_string();
        vec![("DOUBLE_STATE".to_owned(), state), ("DOUBLE_FAULT".to_owned(), "locked".to_owned())]
    };
    let Some(room) = alone("stores::near::recipes::programs_that_are_locked_say_so", prepare) else { return };
    for (file, id, _) in PLAYED {
        room.settings(&recipe(file));
        let stores = room.stores();
        let at = stores.destination(id).expect("a place").reference.expect("a reference");
        let at = reference(&at.replace("{name}", "GROQ_API_KEY"));
        for said in [error(stores.get(&at)), error(stores.put(&at, &Secret::new(key(1)))), error(stores.exists(&at))] {
            assert!(said.contains(&at.to_string()) && said.contains("exit code"), "{file}: {said}");
            assert!(["sign", "login", "locked", "token"].iter().any(|it| said.contains(it)), "{file}: {said}");
        }
    }
    assert!(!room.0.join("state.json").exists(), "nothing was written");
}

#[test]
fn bitwarden_secrets_manager_is_read() {
    let id = "be8e0ad8-d545-4017-a55a-b02f014d4158";
    let prepare = |room: &Room| {
        room.double("bws");
        room.settings(&recipe("bitwarden-secrets.toml"));
        let state = room.0.join("state.json");
        let item = serde_json::json!([{ "object": "secret", "id": id, "key": "GROQ_API_KEY", "value": key(1) }]);
        fs::write(&state, item.to_string()).expect("written");
        vec![("DOUBLE_STATE".to_owned(), state)]
    };
    let Some(room) = alone("stores::near::recipes::bitwarden_secrets_manager_is_read", prepare) else { return };
    let stores = room.stores();
    let at = reference(&format!("ref+exec://bws/{id}"));
    assert!(stores.get(&at).unwrap_or_else(|error| panic!("{error}")) == Secret::new(key(1)));
    assert!(error(stores.replace(&at, &Secret::new(key(2)))).contains("have no `put`"));
    assert!(error(stores.get(&reference("ref+exec://bws/other"))).contains("404 Not Found"));
    assert!(error(stores.destination("bws")).contains("there is no store"), "keys cannot move there");
}
