//! The Secret Service of a desktop, without a desktop.

use aikeys::secrets::Secret;

use super::{ROOM, Room, alone, bare, error, holds, in_time, key, lossy, reference};
use crate::stores::servers::SecretService;

/// A keyring in the test that starts, and none in the one that was started.
fn outside(start: impl FnOnce() -> SecretService) -> Option<SecretService> {
    std::env::var_os(ROOM).is_none().then(start)
}

fn shell(line: &str) -> std::process::Output {
    std::process::Command::new("sh").args(["-c", line]).output().expect("a shell")
}

fn environment(service: Option<&SecretService>) -> Vec<(&'static str, std::ffi::OsString)> {
    let all = service.expect("it runs").environment();
    all.into_iter().filter(|(name, _)| *name != "HOME").collect()
}

#[test]
fn the_keyring_holds_keys() {
    let service = outside(SecretService::unlocked);
    let prepare = |_: &Room| environment(service.as_ref());
    let test = "stores::near::keyring::the_keyring_holds_keys";
    if let Some(room) = alone(test, prepare) {
        let stores = room.stores();
        for place in ["work/GROQ_API_KEY", "a%20b%2Bc/d%23e", "deep/er/N"] {
            holds(&stores, &reference(&format!("ref+keyring://{place}")));
        }
        let gone = reference("ref+keyring://deep/er/N");
        stores.disable(&gone, "1").expect("it goes");
        assert!(!stores.exists(&gone).expect("an answer"));
        let all: Vec<_> = (0..200).map(|_| reference("ref+keyring://work/GROQ_API_KEY")).collect();
        let start = std::time::Instant::now();
        assert!(stores.get_all(&all).into_iter().all(|it| it.is_ok()));
        println!("near: 200 secrets of the keyring in {:?}", start.elapsed());
        let menu = |stores: aikeys::stores::Stores| stores.destinations().iter().any(|it| it.store == "keyring");
        assert!(!menu(room.stores()), "a menu lists what the user has set up");
        room.moves_to("keyring", "the keyring as work/OPENAI_API_KEY");
        room.settings("[stores.keyring]\nservice = \"mine\"\n");
        assert!(menu(room.stores()));
        let to = room.stores().destination("keyring").expect("a place");
        assert_eq!(to.reference.as_deref(), Some("ref+keyring://mine/{name}"));
        return;
    }
    // Other programs find it by these attributes.
    let service = service.expect("it runs");
    let found = service.tool(&["lookup", "service", "work", "username", "OPENAI_API_KEY"], "");
    assert!(lossy(&found.stdout) == key(9), "{}", lossy(&found.stderr));
}

#[test]
fn what_other_programs_put_in_is_read() {
    let service = outside(SecretService::unlocked);
    let prepare = |_: &Room| {
        let service = service.as_ref().expect("it runs");
        let put = |name: &str, value: &str| {
            let stored = service.tool(&["store", "--label=x", "service", "other", "username", name], value);
            assert!(stored.status.success(), "{}", lossy(&stored.stderr));
        };
        put("KEY", &key(1));
        // The same name twice: one of them has an attribute more.
        put("TWICE", &key(1));
        let more = ["store", "--label=x", "service", "other", "username", "TWICE", "more", "yes"];
        service.tool(&more, &key(2));
        environment(Some(service))
    };
    let Some(room) = alone("stores::near::keyring::what_other_programs_put_in_is_read", prepare) else { return };
    let stores = room.stores();
    assert!(stores.get(&reference("ref+keyring://other/KEY")).expect("it is there") == Secret::new(key(1)));
    let twice = error(stores.get(&reference("ref+keyring://other/TWICE")));
    assert!(twice.contains("2 entries of the keyring"), "{twice}");
    let script = "printf '\\377\\376' | secret-tool store --label=x service other username BYTES";
    assert!(shell(script).status.success());
    let said = error(stores.get(&reference("ref+keyring://other/BYTES")));
    assert!(said.contains("no text (UTF-8)"), "{said}");
    for wrong in ["ref+keyring://nothing", "ref+keyring://a/b#/c", "ref+keyring://a/", "ref+keyring://a/b?x=y"] {
        let said = error(stores.get(&reference(wrong)));
        assert!(said.contains("write `ref+keyring://SERVICE/NAME`"), "{said}");
    }
}

#[test]
fn a_locked_keyring_does_not_hold_anybody_up() {
    let service = outside(|| {
        let mut service = SecretService::unlocked();
        let stored = service.tool(&["store", "--label=x", "service", "work", "username", "KEY"], &key(1));
        assert!(stored.status.success());
        service.lock();
        service
    });
    let prepare = |_: &Room| environment(service.as_ref());
    let test = "stores::near::keyring::a_locked_keyring_does_not_hold_anybody_up";
    let Some(room) = alone(test, prepare) else { return };
    let stores = room.stores();
    let (there, new) = (reference("ref+keyring://work/KEY"), reference("ref+keyring://work/NEW"));
    for said in [in_time(|| error(stores.get(&there))), in_time(|| error(stores.put(&new, &Secret::new(key(2)))))] {
        assert!(said.contains("ref+keyring://work/") || said.contains("the system's keyring"), "{said}");
        assert!(said.contains("unlock it in your desktop's password program"), "{said}");
        assert!(!said.contains(&key(1)) && !said.contains(&key(2)));
    }
}

#[test]
fn a_keyring_that_does_not_answer_is_not_waited_for() {
    let service = outside(SecretService::unlocked);
    let prepare = |_: &Room| environment(service.as_ref());
    let test = "stores::near::keyring::a_keyring_that_does_not_answer_is_not_waited_for";
    let Some(room) = alone(test, prepare) else { return };
    let stores = room.stores();
    let at = reference("ref+keyring://work/KEY");
    stores.put(&at, &Secret::new(key(1))).expect("stored");
    let ask = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
               org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets";
    let said = lossy(&shell(ask).stdout);
    let process = said.split_whitespace().last().expect("a number").to_owned();
    assert!(shell(&format!("kill -STOP {process}")).status.success(), "{said}");
    let key = key(2);
    room.write("app.py", &format!("client = OpenAI(api_key=\"{key}\")\n"));
    let moved = in_time(|| room.says(&["--check", "--fix", "--yes", "--to", "keyring", "app.py"], 2));
    let said = in_time(|| error(stores.get(&at)));
    assert!(shell(&format!("kill -CONT {process}")).status.success());
    for said in [moved, said] {
        assert!(said.contains("the system's keyring did not answer within 10 seconds: unlock it"), "{said}");
        assert!(said.contains("ref+keyring://work/"), "{said}");
        assert!(said.contains("unlock it in your desktop's password program") && !said.contains(&key), "{said}");
    }
    assert!(room.read("app.py").contains(&key), "the key stays in its source");
    // The bus may have given up on a service that stood still so long: then it is gone for good.
    let owns = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
                string:org.freedesktop.secrets";
    match stores.get(&at) {
        Ok(value) => assert!(value.expose() == super::key(1)),
        Err(error) => assert!(lossy(&shell(owns).stdout).contains("false"), "{error}"),
    }
}

#[test]
fn without_a_keyring_the_message_says_what_to_do() {
    let Some(room) = alone("stores::near::keyring::without_a_keyring_the_message_says_what_to_do", bare) else {
        return;
    };
    let at = reference("ref+keyring://work/KEY");
    let said = in_time(|| error(room.stores().get(&at)));
    assert!(said.contains("there is no keyring here") && said.contains("take another store"), "{said}");
    let key = key(1);
    room.write("app.py", &format!("client = OpenAI(api_key=\"{key}\")\n"));
    let said = room.says(&["--check", "--fix", "--yes", "--to", "keyring", "app.py"], 2);
    assert!(said.contains("there is no keyring here") && !said.contains(&key), "{}", said.replace(&key, "[the key]"));
    assert!(room.read("app.py").contains(&key), "the key stays in its source");
}

#[test]
fn a_session_without_the_service_says_so() {
    let service = outside(SecretService::missing);
    let prepare = |_: &Room| environment(service.as_ref());
    let Some(room) = alone("stores::near::keyring::a_session_without_the_service_says_so", prepare) else { return };
    let said = in_time(|| error(room.stores().get(&reference("ref+keyring://work/KEY"))));
    assert!(said.contains("there is no keyring here"), "{said}");
}
