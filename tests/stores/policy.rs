//! The policies that we print, as OpenBao takes them: what they allow is enough, and nothing else is allowed.

use std::path::Path;

use serde_json::{Value, json};

use super::machine::{Machine, NAME, Said};
use super::servers::{Bao, Valkey};

/// A workspace that refers to one secret of three, with two keys in it.
fn machine(bao: &Bao) -> Machine {
    for (path, value) in [("app", "one"), ("app/below", "two"), ("app2", "three"), ("team/db", "four")] {
        let data = json!({"data": {NAME: value, "OTHER": "five"}});
        bao.must("POST", &format!("secret/data/{path}"), &data);
    }
    let machine = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", Bao::ROOT);
    machine.write(".env", &format!("{NAME}=\"ref+vault://secret/app#/{NAME}\"\n"));
    machine
}

/// What is printed on standard output alone.
fn printed(machine: &Machine, arguments: &[&str]) -> String {
    let output = machine.command(Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")), arguments).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A token with this policy and no other one.
fn bare_token(bao: &Bao, policy: &str) -> String {
    let about = json!({"policies": [policy], "no_default_policy": true, "ttl": "1h"});
    let made = bao.must("POST", "auth/token/create", &about);
    made["auth"]["client_token"].as_str().expect("a token").to_owned()
}

/// A policy that is written down, and a token of it.
fn token_of(bao: &Bao, machine: &Machine, arguments: &[&str]) -> String {
    bao.policy("app", &printed(machine, arguments));
    bare_token(bao, "app")
}

/// The token is refused all of this.
fn denied(bao: &Bao, token: &str, calls: &[(&str, &str)]) {
    for (method, path) in calls {
        let body = if *method == "POST" { json!({"data": {"A": "b"}, "versions": [1]}) } else { Value::Null };
        let answer = bao.call_as(token, method, path, &body);
        assert_eq!(answer.status(), 403, "{method} {path}: {}", answer.text());
    }
}

/// What neither policy allows.
const NEVER: [(&str, &str); 22] = [
    ("GET", "secret/data/app2"),
    ("GET", "secret/data/app/below"),
    ("GET", "secret/data/team/db"),
    ("GET", "secret/subkeys/app2"),
    ("LIST", "secret/metadata"),
    ("LIST", "secret/metadata/"),
    ("LIST", "secret/metadata/app"),
    ("POST", "secret/metadata/app"),
    ("DELETE", "secret/metadata/app"),
    ("DELETE", "secret/data/app"),
    ("POST", "secret/delete/app"),
    ("POST", "secret/undelete/app"),
    ("POST", "secret/destroy/app"),
    ("POST", "secret/data/app2"),
    ("POST", "secret/data/new"),
    ("GET", "secret/config"),
    ("GET", "sys/mounts"),
    ("GET", "sys/policies/acl/app"),
    ("POST", "sys/policies/acl/app"),
    ("POST", "auth/token/create"),
    ("GET", "sys/auth"),
    ("POST", "sys/mounts/mine"),
];

fn run(machine: &Machine, names: &[&str]) -> Said {
    let names: Vec<String> = names.iter().map(|it| format!("${it}")).collect();
    machine.ours(&["run", "--", "sh", "-c", &format!("echo {}", names.join(" "))])
}

#[test]
fn the_policy_for_reading_is_enough_and_no_more() {
    let bao = Bao::dev();
    let machine = machine(&bao);
    for format in ["hcl", "json"] {
        let token = token_of(&bao, &machine, &["policy", "vault", "--format", format]);
        denied(&bao, &token, &NEVER);
        denied(&bao, &token, &[("POST", "secret/data/app"), ("GET", "secret/metadata/app")]);
        let reader = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", &token);
        reader.write(".env", &machine.read(".env"));
        let said = run(&reader, &[NAME]);
        assert_eq!((said.code, said.text.as_str()), (Some(0), "one\n"));
        let checked = reader.ours(&["store", "check"]);
        assert!(checked.code == Some(0) && checked.text.contains("is there"), "{}", checked.text);
        // Nor can it put another value there.
        let put = format!("ref+vault://secret/app#/{NAME}");
        let refused = reader.ours_with(&["store", "put", "--replace", &put], "another");
        assert!(refused.code == Some(2) && refused.text.contains("`update`"), "{}", refused.text);
        assert_eq!(bao.must("GET", "secret/data/app", &Value::Null)["data"]["data"][NAME], "one");
    }
}

#[test]
fn the_policy_for_rotating_writes_versions_and_no_more() {
    let bao = Bao::dev();
    let machine = machine(&bao);
    let token = token_of(&bao, &machine, &["policy", "vault", "--rotate"]);
    denied(&bao, &token, &NEVER);
    let place = format!("ref+vault://secret/app#/{NAME}");
    let writer = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", &token);
    let put = |value: &str| writer.ours_with(&["store", "put", "--replace", &place], value);
    assert_eq!(put("newer").code, Some(0));
    let held = bao.must("GET", "secret/data/app", &Value::Null)["data"].clone();
    assert_eq!((&held["data"][NAME], &held["data"]["OTHER"]), (&json!("newer"), &json!("five")));
    let versions = writer.ours(&["store", "list", &place]);
    assert!(versions.code == Some(0) && versions.text.contains("2  "), "{}", versions.text);
    // Check-and-set holds for it as for everybody.
    let stale = json!({"options": {"cas": 1}, "data": {"A": "b"}});
    assert_eq!(bao.call_as(&token, "POST", "secret/data/app", &stale).status(), 400);
    // A version that was deleted is no reason to stop.
    bao.must("DELETE", "secret/data/app", &Value::Null);
    assert_eq!(put("newest").code, Some(0));
    bao.must("DELETE", "secret/metadata/app", &Value::Null);
    assert_eq!(put("first").code, Some(0));
}

#[test]
fn engines_are_looked_up_and_never_guessed() {
    let bao = Bao::dev();
    let valkey = Valkey::start();
    bao.database(&valkey);
    bao.mount("team/kv", 2);
    bao.mount("old", 1);
    bao.must("POST", "team/kv/data/app", &json!({"data": {"A": "one"}}));
    bao.must("POST", "old/x/app", &json!({"B": "two"}));
    bao.must("POST", "old/x/other", &json!({"B": "three"}));
    let machine = machine(&bao);
    let env = "A=\"ref+vault://team/kv/app#/A\"\nB=\"ref+vault://old/x/app#/B\"\n\
               C=\"ref+vault://database/creds/app#/username\"\n";
    machine.write(".env", env);
    let token = token_of(&bao, &machine, &["policy", "vault"]);
    let reader = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", &token);
    reader.write(".env", env);
    let said = run(&reader, &["A", "B", "C"]);
    assert!(said.code == Some(0) && said.text.starts_with("one two V"), "{}", said.text);
    let leases = bao.call("LIST", "sys/leases/lookup/database/creds/app", &Value::Null);
    assert_eq!(leases.status(), 404, "the lease was given back: {}", leases.text());
    let others = [("GET", "old/x/other"), ("POST", "old/x/app"), ("LIST", "old/x"), ("GET", "team/kv/metadata/app")];
    denied(&bao, &token, &others);
    let rotate = machine.ours(&["policy", "vault", "--rotate"]);
    assert_eq!(rotate.code, Some(2));
    assert!(rotate.text.contains("path \"old/x/app\"") && rotate.text.contains("takes none"), "{}", rotate.text);
}

#[test]
fn a_namespace_has_its_own_policy() {
    let bao = Bao::dev();
    bao.must("POST", "sys/namespaces/team", &Value::Null);
    bao.must("POST", "team/sys/mounts/kv", &json!({"type": "kv", "options": {"version": "2"}}));
    let machine = machine(&bao);
    let env = "A=\"ref+vault://kv/app?namespace=team#/A\"\n";
    machine.write(".env", env);
    let put = machine.ours_with(&["store", "put", "ref+vault://kv/app?namespace=team#/A"], "one");
    assert_eq!(put.code, Some(0), "{}", put.text);
    let policy = printed(&machine, &["policy", "vault"]);
    assert!(policy.contains("# namespace team\n"), "{policy}");
    bao.must("PUT", "team/sys/policies/acl/app", &json!({"policy": policy}));
    let about = json!({"policies": ["app"], "ttl": "1h"});
    let made = bao.must("POST", "team/auth/token/create", &about);
    let token = made["auth"]["client_token"].as_str().expect("a token");
    let reader = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", token);
    reader.write(".env", env);
    assert_eq!(run(&reader, &["A"]).text, "one\n");
    denied(&bao, token, &[("GET", "team/kv/data/other"), ("LIST", "team/kv/metadata"), ("GET", "secret/data/app")]);
    let same = reader.ours(&["policy", "vault", "--diff"]);
    assert_eq!(same.code, Some(0), "{}", same.text);
}

#[test]
fn a_token_that_may_less_or_more_is_told() {
    let bao = Bao::dev();
    let machine = machine(&bao);
    let policy = printed(&machine, &["policy", "vault"]);
    let diff = |rules: &str, arguments: &[&str]| {
        bao.policy("tried", rules);
        let machine = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", bao.token("tried"));
        machine.write(".env", &format!("{NAME}=\"ref+vault://secret/app#/{NAME}\"\n"));
        machine.ours(&[&["policy", "vault", "--diff"], arguments].concat())
    };
    let same = diff(&policy, &[]);
    assert!(same.code == Some(0) && same.text.starts_with("the token may do just that"), "{}", same.text);
    // What reading allows is less than rotating takes.
    let less = diff(&policy, &["--rotate"]);
    assert_eq!(less.code, Some(1));
    assert!(less.text.starts_with("lacks: create, update on secret/data/app\nlacks: read on secret/metadata/app\n"));
    assert!(!less.text.contains("beyond:"), "{}", less.text);
    let none = diff("path \"secret/data/other\" { capabilities = [\"read\"] }", &[]);
    assert!(none.text.contains("lacks: read on secret/data/app\nlacks: read on secret/subkeys/app\n"), "{}", none.text);
    assert!(none.text.contains("beyond: read on secret/data/other\n"), "{}", none.text);

    let extra = |more: &str, line: &str| {
        let said = diff(&format!("{policy}\n{more}"), &[]);
        assert_eq!(said.code, Some(1), "{more}: {}", said.text);
        assert!(said.text.contains(line) && !said.text.contains("lacks:"), "{more}: {}", said.text);
        assert!(said.text.contains("the policies of this token: default, tried"), "{}", said.text);
    };
    extra("path \"secret/*\" { capabilities = [\"read\", \"list\"] }", "beyond: list, read on secret/*\n");
    extra("path \"secret/data/+\" { capabilities = [\"read\"] }", "beyond: read on secret/data/");
    extra("path \"secret/+/app\" { capabilities = [\"delete\"] }", "beyond: delete on secret/");
    extra("path \"secret/metadata/\" { capabilities = [\"list\"] }", "beyond: list on secret/metadata/\n");
    extra("path \"secret/data/app2\" { capabilities = [\"read\"] }", "beyond: read on secret/data/app2\n");
    extra("path \"sys/mounts\" { capabilities = [\"read\"] }", "beyond: read on sys/mounts\n");
    extra("path \"auth/token/create\" { capabilities = [\"update\"] }", "beyond: update on auth/token/create\n");

    let root = machine.ours(&["policy", "vault", "--diff"]);
    assert_eq!((root.code, root.text.lines().next()), (Some(1), Some("beyond: everything: this is a root token")));
    bao.policy("app", &policy);
    let bare = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", bare_token(&bao, "app"));
    bare.write(".env", &machine.read(".env"));
    let unknown = bare.ours(&["policy", "vault", "--diff"]);
    assert!(unknown.code == Some(2) && unknown.text.contains("sys/capabilities-self"), "{}", unknown.text);
}
