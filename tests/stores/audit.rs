//! Who read a secret, by the file of OpenBao's own audit device.

use std::fs;

use serde_json::{Value, json};

use super::machine::{Machine, NAME};
use super::servers::Bao;

fn asked(machine: &Machine, bao: &Bao, more: &[&str]) -> Value {
    let log = bao.folder().join("audit.log");
    let args = [&["audit", "--format", "json", "--store", log.to_str().expect("a path")], more].concat();
    let said = machine.ours(&args);
    assert_eq!(said.code, Some(0), "{}", said.text);
    let start = said.text.find('{').expect("an object");
    let answer: Value = serde_json::Deserializer::from_str(&said.text[start..])
        .into_iter()
        .next()
        .expect("an object")
        .unwrap_or_else(|error| panic!("{error}: {}", said.text));
    answer["secrets"][0].clone()
}

/// Who got it how often, and who did not, for which reason.
fn told(secret: &Value) -> Vec<(String, u64, String)> {
    let all = ["readers", "refused"].iter().flat_map(|it| secret[it].as_array().expect("a list"));
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    all.map(|it| (text(&it["who"]), it["times"].as_u64().expect("a number"), text(&it["why"]))).collect()
}

#[test]
fn the_servers_own_log_says_who_read_a_secret() {
    for raw in [false, true] {
        let bao = Bao::audited(raw);
        let machine = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", Bao::ROOT);
        machine.moves_and_runs("vault");
        bao.policy("reads", "path \"secret/data/app\" { capabilities = [\"read\"] }");
        bao.policy("other", "path \"secret/data/other\" { capabilities = [\"read\"] }");
        let (role, secret) = bao.approle("reads");
        let before = told(&asked(&machine, &bao, &[NAME]));
        assert!(before.iter().all(|it| it.0 == "token" || it.0 == "root"), "{before:?}");

        // A program that runs by a role, twice; a token that may not; one that is none; what only asks about the secret.
        let program = Machine::new().set("VAULT_ADDR", &bao.url);
        program.write(".env", &machine.read(".env"));
        let program = program.set("VAULT_ROLE_ID", &role).set("VAULT_SECRET_ID", &secret);
        for _ in 0..2 {
            assert_eq!(program.ours(&["run", "--", "true"]).code, Some(0));
        }
        let about = json!({"policies": ["other"], "display_name": "ann", "meta": {"team": "web"}});
        let made = bao.must("POST", "auth/token/create", &about);
        let token = made["auth"]["client_token"].as_str().expect("a token");
        assert_eq!(bao.call_as(token, "GET", "secret/data/app", &Value::Null).status(), 403);
        assert_eq!(bao.call_as("none", "GET", "secret/data/app", &Value::Null).status(), 403);
        bao.must("GET", "secret/metadata/app", &Value::Null);
        bao.must("GET", "secret/subkeys/app", &Value::Null);
        assert_eq!(bao.call("GET", "secret/data/none", &Value::Null).status(), 404);

        let secret = asked(&machine, &bao, &[NAME]);
        let mut after = told(&secret);
        after.retain(|it| !before.contains(it));
        let denied = "permission denied".to_owned();
        let expected = [
            ("approle".to_owned(), 2, String::new()),
            ("nobody known (no token, or one that does not count)".to_owned(), 1, denied.clone()),
            ("token-ann".to_owned(), 1, denied),
        ];
        assert_eq!(after, expected, "log_raw = {raw}");
        let readers = secret["readers"].as_array().expect("a list");
        let approle = readers.iter().find(|it| it["who"] == "approle").expect("the role");
        assert_eq!(approle["from"], json!(["127.0.0.1"]));
        let known = approle["as"].to_string();
        assert!(
            known.contains("policy reads") && known.contains("role_name=app") && known.contains("entity "),
            "{known}"
        );
        let refused = secret["refused"].to_string();
        assert!(refused.contains("team=web"), "{refused}");
        let nothing = told(&asked(&machine, &bao, &["ref+vault://secret/none"]));
        assert_eq!(nothing, [("token".to_owned(), 1, "there was nothing".to_owned())]);
        assert!(told(&asked(&machine, &bao, &["ref+vault://secret/other"])).is_empty());

        // With `log_raw` the file holds the key, and no answer shows it (`ours` looks).
        let log = fs::read_to_string(bao.folder().join("audit.log")).expect("a log");
        assert_eq!(log.contains(machine.key()), raw);
        let log = bao.folder().join("audit.log");
        let table = machine.ours(&["audit", "--store", log.to_str().expect("a path")]);
        assert!(table.text.contains("READ BY") && table.text.contains(NAME), "{}", table.text);
    }
}

#[test]
fn the_first_version_of_the_engine_has_readers_too() {
    let bao = Bao::audited(false);
    bao.mount("team/old", 1);
    bao.must("POST", "team/old/app", &json!({"KEY": "value"}));
    let machine = Machine::new().set("VAULT_ADDR", &bao.url).set("VAULT_TOKEN", Bao::ROOT);
    machine.write(".env", "KEY=\"ref+vault://team/old/app#/KEY\"\n");
    assert!(told(&asked(&machine, &bao, &["KEY"])).is_empty());
    assert_eq!(machine.ours(&["run", "--", "true"]).code, Some(0));
    assert_eq!(told(&asked(&machine, &bao, &[])), [("token".to_owned(), 1, String::new())]);
}
