//! What can go wrong with a program, and what a workspace cannot make it do.

use std::time::{Duration, Instant};

use aikeys::secrets::{Secret, SecretRef};
use aikeys::stores::Stores;

use super::{Room, alone, bare, error, in_time, key, reference};

/// A store whose three programs are scripts of this test.
fn store(room: &Room, put: &str, get: &str, exists: &str) -> Stores {
    for (name, text) in [("put", put), ("get", get), ("exists", exists)] {
        room.script(&format!("my-{name}"), text);
    }
    room.settings(
        "[stores.exec.mine]\nput = ['my-put', '{name}']\nget = ['my-get', '{name}']\nexists = ['my-exists', '{name}']\n",
    );
    room.stores()
}

fn at() -> SecretRef {
    reference("ref+exec://mine/work/KEY")
}

#[test]
fn a_program_that_fails_says_so() {
    let Some(room) = alone("stores::near::exec::a_program_that_fails_says_so", bare) else { return };
    let key = key(1);
    // Each ends with a message with store and reference, and without the key.
    let fails = |get: &str, exists: &str, what: &str| {
        let stores = store(&room, "cat >/dev/null", get, exists);
        let said = error(stores.get(&at()));
        assert!(said.contains("ref+exec://mine/work/KEY") && said.contains("mine") && said.contains(what), "{said}");
        assert!(!said.contains(&key), "{}", said.replace(&key, "[the key]"));
    };
    fails("exit 1", "exit 1", "there is no such secret");
    fails("echo cannot open the vault >&2; exit 1", "exit 0", "ended with exit code 1: cannot open the vault");
    fails("exit 1", "echo locked >&2; exit 5", "ended with exit code 5: locked");
    fails("kill -9 $$", "exit 0", "was ended by a signal and said nothing");
    fails(":", "exit 0", "printed nothing");
    fails(":", "exit 1", "there is no such secret");
    fails("printf '\\377\\376'", "exit 0", "no text (UTF-8)");
    fails("head -c 70000 /dev/zero", "exit 0", "printed more than 64 KB");
    fails("cat /dev/zero", "exit 0", "printed more than 64 KB");
    fails(&format!("echo key={key} >&2; exit 1"), "exit 0", "ended with exit code 1: key=");
    fails("yes message | head -c 1000000 >&2; exit 1", "exit 0", "message …");
    fails("printf 'a\\033[2Jb\\n' >&2; exit 1", "exit 0", "ended with exit code 1: a [2Jb");
    // A put that fails changes nothing, and does not show what it was given, whatever that looks like.
    let stores = store(&room, "read -r it; echo \"no: $it\" >&2; exit 3", "exit 1", "exit 1");
    for value in [key.as_str(), "plain words"] {
        let said = error(stores.put(&at(), &Secret::new(value)));
        assert!(said.contains("mine ended with exit code 3: no: …") && !said.contains(value), "{said}");
    }
    room.settings("[stores.exec.mine]\nput = ['no-such-program']\nget = ['no-such-program']\nexists = ['x']\n");
    let said = error(room.stores().get(&at()));
    assert!(said.contains("`no-such-program` cannot be started") && said.contains("install it"), "{said}");
}

#[test]
fn values_come_back_as_they_were_put() {
    let Some(room) = alone("stores::near::exec::values_come_back_as_they_were_put", bare) else { return };
    let file = room.0.join("value");
    let file = file.display();
    let exists = format!("test -f {file}");
    for (print, value) in [
        (format!("cat {file}"), "v"),
        (format!("cat {file}; echo"), "a b"),
        (format!("cat {file}; printf '\\r\\n'"), "ä\"'$x`"),
    ] {
        let _ = std::fs::remove_file(room.0.join("value"));
        let stores = store(&room, &format!("cat >{file}"), &print, &exists);
        stores.put(&at(), &Secret::new(value)).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert!(stores.get(&at()).expect("it is there") == Secret::new(value));
        assert_eq!(std::fs::read_to_string(room.0.join("value")).expect("put"), value, "nothing stands behind it");
    }
    // What stores something else is noticed.
    let _ = std::fs::remove_file(room.0.join("value"));
    let stores = store(&room, &format!("tr a-z A-Z >{file}"), &format!("cat {file}"), &exists);
    assert!(error(stores.put(&at(), &Secret::new("value"))).contains("what was read back is not what was stored"));
    // The answer is lost after a successful write.
    let _ = std::fs::remove_file(room.0.join("value"));
    let stores = store(&room, &format!("cat >{file}; echo push failed >&2; exit 1"), &format!("cat {file}"), &exists);
    stores.put(&at(), &Secret::new("value")).unwrap_or_else(|error| panic!("it is there: {error}"));
    // Somebody else is quicker.
    let _ = std::fs::remove_file(room.0.join("value"));
    let late = format!("test -f {file} && exit 0; printf other >{file}; exit 1");
    let stores = store(&room, &format!("cat >{file}"), &format!("cat {file} 2>/dev/null"), &late);
    let said = error(stores.put(&at(), &Secret::new("value")));
    assert!(said.contains("holds another value"), "{said}");
    assert_eq!(std::fs::read_to_string(room.0.join("value")).expect("put"), "other");
}

#[test]
fn a_slow_program_is_ended_with_all_it_started() {
    let Some(room) = alone("stores::near::exec::a_slow_program_is_ended_with_all_it_started", bare) else { return };
    let mark = room.0.join("mark").display().to_string();
    let slow = format!("(sleep 1; echo alive >>{mark}; sleep 300) & echo $! >{mark}.pid; wait");
    let stores = store(&room, "cat >/dev/null", &slow, "exit 0");
    let said = in_time(|| error(stores.get(&at())));
    assert!(said.contains("`my-get` did not end within 10 seconds and was stopped"), "{said}");
    assert!(said.contains("ref+exec://mine/work/KEY"), "{said}");
    let child = std::fs::read_to_string(format!("{mark}.pid")).expect("it was started");
    let start = Instant::now();
    while std::path::Path::new(&format!("/proc/{}", child.trim())).exists() {
        assert!(start.elapsed() < Duration::from_secs(5), "its child {child} lives on");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A put that hangs after it has stored.
    let file = room.0.join("value").display().to_string();
    let stores = store(&room, &format!("cat >{file}; sleep 300"), &format!("cat {file}"), &format!("test -f {file}"));
    let start = Instant::now();
    stores.put(&at(), &Secret::new("value")).unwrap_or_else(|error| panic!("it is there: {error}"));
    assert!(start.elapsed() < Duration::from_secs(16), "{:?}", start.elapsed());
    // A child that keeps the output open does not hold anybody up.
    let stores = store(&room, "cat >/dev/null", "sleep 60 & echo value", "exit 0");
    let start = Instant::now();
    assert!(stores.get(&at()).expect("it is there") == Secret::new("value"));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_name_is_an_argument_and_nothing_else() {
    let Some(room) = alone("stores::near::exec::a_name_is_an_argument_and_nothing_else", bare) else { return };
    let stores = store(&room, "cat >/dev/null", "printf '%s|' \"$@\"", "exit 0");
    for name in ["a+b", "a#b", "a b", "$(touch x)", "`id`;ls", "a'b\"c", "ä", "a/../b", "*", "{workspace}"] {
        let at = SecretRef::new("exec", format!("mine/{name}"), None);
        let at = reference(&at.to_string());
        assert_eq!(stores.get(&at).unwrap_or_else(|error| panic!("{error}")).expose(), format!("{name}|"));
    }
    for name in ["-rf", "--help"] {
        let said = error(stores.get(&reference(&format!("ref+exec://mine/{name}"))));
        assert!(said.contains("could take this name for an option"), "{said}");
    }
    for form in ["ref+exec://mine", "ref+exec://mine/", "ref+exec://mine/a#/b", "ref+exec://mine/a?x=y"] {
        assert!(error(stores.get(&reference(form))).contains("write `ref+exec://STORE/NAME`"), "{form}");
    }
    for script in [
        "['sh', '-c', 'cat {name}']",
        "['bash', '--norc', '-euc', '{name}']",
        "['{name}']",
        "['pwsh', '-Command', 'x {name}']",
    ] {
        room.settings(&format!("[stores.exec.mine]\nget = {script}\n"));
        let said = error(room.stores().get(&reference("ref+exec://mine/touch%20x")));
        assert!(said.contains("make `{name}` an argument of its own"), "{said}");
    }
}

#[test]
fn only_the_user_names_programs() {
    let Some(room) = alone("stores::near::exec::only_the_user_names_programs", bare) else { return };
    let mark = room.0.join("ran");
    room.script("evil", &format!("touch {}; echo value", mark.display()));
    let program = "[stores.exec.evil]\nget = ['evil']\nput = ['evil']\nexists = ['evil']\n";
    room.write("aikeys.toml", program);
    let said = room.says(&["run", "--", "true"], 2);
    assert!(said.contains("programs of stores belong into your own settings"), "{said}");
    room.write("aikeys.toml", "");
    room.write(".env", "OPENAI_API_KEY=\"ref+exec://evil/KEY\"\n");
    let said = room.says(&["run", "--", "true"], 2);
    assert!(said.contains("OPENAI_API_KEY") && said.contains("you have no store \"evil\""), "{said}");
    assert!(said.contains("[stores.exec.evil]") && said.contains("aikeys-lsp/aikeys.toml"), "{said}");
    let said = error(room.stores().destination("evil"));
    assert!(said.contains("evil"), "{said}");
    assert!(!mark.exists(), "it was started");
    // Without `put` or `exists` keys are read, and do not move there.
    room.settings("[stores.exec.half]\nget = ['evil']\nput = ['evil']\n");
    assert!(room.stores().get(&reference("ref+exec://half/KEY")).is_ok() && mark.exists());
    let said = error(room.stores().put(&reference("ref+exec://half/KEY"), &Secret::new(key(1))));
    assert!(said.contains("holds another value"), "{said}");
    assert!(room.stores().destinations().iter().all(|it| it.store != "half"));
    // A store of that name is ours.
    room.settings("[stores.exec.env]\nget = ['evil']\nput = ['evil']\nexists = ['evil']\n");
    assert_eq!(room.stores().destination("env").expect("a place").reference, None);
}

#[test]
fn programs_run_at_home_with_the_users_environment() {
    let prepare = |_: &Room| vec![("MY_TOKEN", "a token")];
    let test = "stores::near::exec::programs_run_at_home_with_the_users_environment";
    let Some(room) = alone(test, prepare) else { return };
    let stores = store(&room, "cat >/dev/null", "printf '%s %s' \"$MY_TOKEN\" \"$(pwd)\"", "exit 0");
    let home = room.0.join("home").display().to_string();
    assert_eq!(stores.get(&at()).expect("a value").expose(), format!("a token {home}"));
    let start = Instant::now();
    let all: Vec<SecretRef> = (0..100).map(|it| reference(&format!("ref+exec://mine/{it}"))).collect();
    let found = stores.get_all(&all);
    assert!(found.len() == 100 && found.iter().all(Result::is_ok));
    println!("near: 100 secrets through a program in {:?}", start.elapsed());
}
