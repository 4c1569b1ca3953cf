//! Our client of Vault, against OpenBao: moves, programs that run, logins, leases, and what goes wrong.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aikeys::secrets::Secret;
use aikeys::stores::VersionState;
use serde_json::{Value, json};

use super::apart::{apart, at, put, says, value};
use super::faults::{ConnectProxy, Fault, Faults, Filter};
use super::http::{Listening, Message};
use super::machine::{Machine, NAME};
use super::servers::{Bao, Valkey};

/// Where a move puts the project's key.
const PLACE: &str = "ref+vault://secret/app#/ANTHROPIC_API_KEY";

fn machine(url: &str) -> Machine {
    Machine::new().set("VAULT_ADDR", url).set("VAULT_TOKEN", Bao::ROOT)
}

/// The fields of a secret of KV version 2.
fn fields(bao: &Bao, path: &str) -> Value {
    bao.must("GET", &format!("secret/data/{path}"), &Value::Null)["data"]["data"].clone()
}

#[test]
fn keys_move_to_vault_and_programs_run() {
    let bao = Bao::dev();
    bao.must("POST", "secret/data/app", &json!({"data": {"other": "kept", "number": 1.50, "deep": {"a": [1]}}}));
    let machine = machine(&bao.url);
    let source = machine.read("app.py");
    machine.moves_and_runs("vault");
    let held = fields(&bao, "app");
    assert_eq!((&held["other"], &held["number"], &held["deep"]), (&json!("kept"), &json!(1.5), &json!({"a": [1]})));
    assert_eq!(held[NAME], machine.key());

    let checked = machine.ours(&["store", "check"]);
    assert!(checked.text.contains("is there (version 2 of 20"), "{}", checked.text);
    // The same key in another file is compared, and stays where it is.
    machine.write("other.py", &source);
    let again = machine.ours(&["--check", "--fix", "--yes", "--to", "vault", "other.py"]);
    assert_eq!((again.code, machine.read("other.py")), (Some(0), machine.read("app.py")), "{}", again.text);
    assert_eq!(fields(&bao, "app"), held);

    let undone = machine.ours(&["undo", "--yes"]);
    assert_eq!((undone.code, machine.read("other.py")), (Some(0), source), "{}", undone.text);
    assert_eq!(machine.ours(&["undo", "--yes"]).code, Some(2), "one move is remembered");
    // A team that has the template runs it as well.
    fs::rename(machine.project().join(".env.example"), machine.project().join(".env")).expect("a copy");
    machine.digest(&["run", "--"]);
}

#[test]
fn keys_move_to_the_first_version_of_the_engine_too() {
    let bao = Bao::dev();
    bao.mount("old", 1);
    bao.must("POST", "old/team/app", &json!({"other": "kept"}));
    let machine = machine(&bao.url);
    machine.settings("[stores.vault]\nmount = \"old\"\npath = \"team/app\"\n");
    machine.moves_and_runs("vault");
    let held = bao.must("GET", "old/team/app", &Value::Null)["data"].clone();
    assert_eq!(held, json!({"other": "kept", NAME: machine.key()}));
    assert!(machine.ours(&["store", "check"]).text.contains("is there"));
    let missing = machine.ours(&["store", "check", "ref+vault://old/none#/A"]);
    assert_eq!((missing.code, missing.text.contains("is not there")), (Some(2), true), "{}", missing.text);
}

#[test]
fn tls_needs_the_right_authority() {
    let bao = Bao::tls();
    let machine = machine(&bao.url);
    machine.refuses_to_move("vault", &["Vault at https://127.0.0.1", "certificate", "VAULT_CACERT"]);
    let machine = machine.set("VAULT_CACERT", bao.ca.as_ref().expect("an authority"));
    machine.moves_and_runs("vault");

    // Also through a proxy, which knows the name that the machine does not.
    let proxy = ConnectProxy::start();
    let url = bao.url.replace("127.0.0.1", "localhost.localdomain");
    let machine = machine.set("VAULT_ADDR", &url).set("HTTPS_PROXY", proxy.url());
    machine.digest(&["run", "--"]);
    assert!(proxy.asked().iter().any(|it| it.starts_with("CONNECT localhost.localdomain")), "{:?}", proxy.asked());

    let none = machine.project().join("app.py");
    let machine = machine.set("VAULT_CACERT", none);
    machine.refuses_to_run(&["no PEM certificate"]);
    let machine = machine.set("VAULT_CACERT", "").set("VAULT_SKIP_VERIFY", "true");
    machine.refuses_to_run(&["VAULT_SKIP_VERIFY"]);
}

#[test]
fn addresses_without_tls_get_nothing() {
    let listening = Listening::answering(|_| Message::answering(200, &[], "{}"));
    let port = listening.host().rsplit(':').next().expect("a port").to_owned();
    // A name of this machine that is not sure to be one everywhere.
    let machine = machine(&format!("http://localhost.localdomain:{port}"));
    machine.refuses_to_move("vault", &["https://"]);
    for wrong in ["ftp://127.0.0.1", "127.0.0.1:8200", "https://"] {
        machine_says(wrong, "address");
    }
    // Nor does a file say where the token goes.
    let bao = Bao::dev();
    let machine = self::machine(&bao.url);
    machine.refers_to(&format!("ref+vault://secret/app?address=http://{}#/{NAME}", listening.host()));
    machine.refuses_to_run(&["VAULT_ADDR"]);
    machine.write(".env", &format!("VAULT_ADDR=http://{}\n{NAME}=\"{PLACE}\"\n", listening.host()));
    machine.refuses_to_run(&["there is no such secret"]);
}

fn machine_says(address: &str, word: &str) {
    machine(address).refuses_to_move("vault", &[word]);
}

#[test]
fn a_repository_names_no_server_until_it_is_trusted() {
    let bao = Bao::dev();
    let machine = Machine::new().set("VAULT_TOKEN", Bao::ROOT);
    machine
        .write("aikeys.toml", &format!("[stores]\ndefault = \"vault\"\n[stores.vault]\naddress = \"{}\"\n", bao.url));
    let refused = machine.moves("vault");
    assert_eq!(refused.code, Some(2), "{}", refused.text);
    assert!(refused.text.contains("aikeys-lsp trust"), "{}", refused.text);
    machine.refers_to(PLACE);
    machine.refuses_to_run(&["no Vault is known"]);
    machine.write(".env", "");

    assert_eq!(machine.ours(&["trust", "--yes"]).code, Some(0));
    machine.moves_and_runs("vault");
    machine.write("aikeys.toml", "[stores.vault]\naddress = \"https://evil.example\"\n");
    machine.refuses_to_run(&["no Vault is known"]);
    let programs = machine.ours(&["--check", "."]);
    assert!(!programs.text.contains("evil"), "{}", programs.text);
    machine.write("aikeys.toml", "[stores.exec.evil]\nget = [\"sh\", \"-c\", \"touch started\"]\n");
    assert_eq!(machine.ours(&["trust", "--yes"]).code, Some(2));
    machine.refers_to("ref+exec://evil/x");
    assert_eq!(machine.ours(&["run", "--", "true"]).code, Some(2));
    assert!(!machine.project().join("started").exists());
}

#[test]
fn all_logins_lead_to_the_key() {
    let bao = Bao::dev();
    let owner = machine(&bao.url);
    owner.moves_and_runs("vault");
    let length = owner.key().len().to_string();
    bao.policy("reads", "path \"secret/data/app\" { capabilities = [\"read\"] }");
    let (role, secret) = bao.approle("reads");
    let jwt = bao.jwt("reads");
    let cluster = bao.kubernetes("reads");
    let job = jwt.token("acme/app");
    let answer = json!({"value": job}).to_string();
    let github = Listening::answering(move |request| {
        let knows = request.header("authorization") == Some("Bearer ask") && request.word(1).contains("audience=bao");
        Message::answering(if knows { 200 } else { 401 }, &[], &answer)
    });
    let pod = tempfile::NamedTempFile::new().expect("a file");
    fs::write(pod.path(), jwt.service_account()).expect("a token");

    let base = || {
        let machine = Machine::new().set("VAULT_ADDR", &bao.url);
        machine.refers_to(PLACE);
        machine
    };
    let ways = [
        ("BAO_*", base().set("VAULT_ADDR", "http://127.0.0.1:1").set("BAO_ADDR", &bao.url).set("BAO_TOKEN", Bao::ROOT)),
        ("approle", base().set("VAULT_ROLE_ID", &role).set("VAULT_SECRET_ID", &secret)),
        ("GitLab", base().set("VAULT_AUTH_ROLE", "ci").set("VAULT_ID_TOKEN", jwt.token("acme/app"))),
        (
            "GitHub",
            base()
                .set("VAULT_AUTH_ROLE", "ci")
                .set("VAULT_AUTH_AUDIENCE", "bao")
                .set("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{}/token?x=y", github.host()))
                .set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ask"),
        ),
        (
            "Kubernetes",
            base()
                .set("VAULT_AUTH_METHOD", "kubernetes")
                .set("VAULT_AUTH_ROLE", "app")
                .set("VAULT_ID_TOKEN_FILE", pod.path()),
        ),
    ];
    for (way, machine) in &ways {
        let said = machine.ours(&["run", "--", "sh", "-c", "echo ${#ANTHROPIC_API_KEY}"]);
        assert_eq!((said.code, said.text.trim()), (Some(0), length.as_str()), "{way}: {}", said.text);
    }
    cluster.close();
    let by_file = base();
    by_file.refuses_to_run(&["not logged in", "vault login"]);
    fs::write(by_file.home().join(".vault-token"), format!("{}\n", Bao::ROOT)).expect("a token");
    assert_eq!(by_file.ours(&["run", "--", "true"]).code, Some(0));

    base().set("VAULT_AUTH_ROLE", "ci").set("VAULT_ID_TOKEN", jwt.token("acme/other")).refuses_to_run(&["auth/jwt"]);
    base().set("VAULT_ROLE_ID", &role).set("VAULT_SECRET_ID", "wrong").refuses_to_run(&["auth/approle"]);
    base().set("VAULT_AUTH_METHOD", "jwt").refuses_to_run(&["VAULT_AUTH_ROLE"]);
    base().set("VAULT_AUTH_METHOD", "magic").refuses_to_run(&["no way to log in"]);
}

#[test]
fn what_is_given_for_a_time_is_kept_and_given_back() {
    let (bao, valkey) = (Bao::dev(), Valkey::start());
    bao.database(&valkey);
    let role = json!({
        "db_name": "valkey", "creation_statements": r#"["~*", "+@read"]"#, "default_ttl": "2s", "max_ttl": "10m",
    });
    bao.must("POST", "database/roles/app", &role);
    let machine = machine(&bao.url);
    machine.write(
        ".env",
        "DB_USER=\"ref+vault://database/creds/app#/username\"\nDB_PASSWORD=\"ref+vault://database/creds/app#/password\"\n",
    );
    let script = "sleep 5; printf '%s %s' \"$DB_USER\" \"$DB_PASSWORD\" > given; sleep 1; exit 7";
    let mut child = machine
        .command(Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")), &["run", "--", "sh", "-c", script])
        .spawn()
        .expect("it starts");
    let start = Instant::now();
    while machine.read("given").split(' ').count() < 2 && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let given = machine.read("given");
    let (user, password) = given.split_once(' ').expect("both come from one answer");
    assert_eq!(valkey.asks(user, password, "GET nothing"), "$-1", "it is renewed beyond its two seconds");
    assert_eq!(child.wait().expect("it ends").code(), Some(7));
    let (mut last, start) = (String::new(), Instant::now());
    while start.elapsed() < Duration::from_secs(1) && !last.starts_with("-NOAUTH") {
        last = valkey.asks(user, password, "GET nothing");
    }
    assert!(last.starts_with("-NOAUTH"), "it is given back at the end: {last}");
    // Looking at it makes none.
    let leases = || bao.call("LIST", "sys/leases/lookup/database/creds/app", &Value::Null).status();
    let checked = machine.ours(&["store", "check"]);
    assert_eq!((checked.code, leases()), (Some(0), 404), "{}", checked.text);
    let taken = machine.ours_with(&["store", "put", "ref+vault://database/creds/app#/x"], "value");
    assert_eq!(taken.code, Some(2), "{}", taken.text);
}

#[test]
fn signals_and_exit_codes_pass_through() {
    let machine = Machine::new();
    machine.write(".env", "SOME_API_KEY=abcdefgh\n");
    for mask in [&["run"][..], &["run", "--mask"]] {
        let ours = |script: &str| machine.ours(&[mask, &["--", "sh", "-c", script]].concat());
        assert_eq!(ours("exit 3").code, Some(3));
        assert_eq!(ours("echo $SOME_API_KEY").text.contains("<SOME_API_KEY>"), mask.len() > 1);
        let arguments =
            [mask, &["--", "sh", "-c", "trap 'echo caught; exit 5' TERM; touch ready; sleep 9 & wait"]].concat();
        let child =
            machine.command(Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")), &arguments).spawn().expect("it starts");
        while !machine.project().join("ready").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        fs::remove_file(machine.project().join("ready")).expect("a file");
        let mut child = child;
        Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert_eq!(child.wait().expect("it ends").code(), Some(5));
    }
    let killed = machine.ours(&["run", "--mask", "--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(killed.code, Some(137));
    let none = machine.ours(&["run", "--without", "SOME_API_KEY", "--", "sh", "-c", "echo [$SOME_API_KEY]"]);
    assert_eq!(none.text, "[]\n");
    let typo = machine.ours(&["run", "--only", "SOME_API_KAY", "--", "true"]);
    assert_eq!(typo.code, Some(2), "{}", typo.text);
}

#[test]
fn what_goes_wrong_at_vault_is_told_and_loses_nothing() {
    let bao = Bao::dev();
    let faults = Faults::before(&bao.url);
    let machine = machine(&faults.url());
    let at = format!("Vault at {}", faults.url());
    let reads = Filter { method: Some("GET"), holds: "secret/data/" };
    let writes = Filter { method: Some("POST"), holds: "secret/data/" };

    faults.set(Fault::Down);
    machine.refuses_to_move("vault", &[&at, "cannot be reached"]);
    faults.set(Fault::Garbage);
    machine.refuses_to_move("vault", &[&at]);
    faults.set_for(reads, Fault::CutHalfway);
    machine.refuses_to_move("vault", &[&at]);
    faults.set_for(
        writes,
        Fault::Status { code: 403, headers: vec![], body: r#"{"errors":["permission denied"]}"#, first: 9 },
    );
    machine.refuses_to_move("vault", &["does not allow `update` on `secret/data/app`"]);
    faults.set_for(
        writes,
        Fault::Status {
            code: 400,
            headers: vec![],
            body: r#"{"errors":["check-and-set parameter did not match the current version"]}"#,
            first: 9,
        },
    );
    machine.refuses_to_move("vault", &["somebody else changed it"]);
    faults.set_for(writes, Fault::Status { code: 413, headers: vec![], body: "", first: 9 });
    machine.refuses_to_move("vault", &["larger than this server takes"]);
    faults.set_for(writes, Fault::Status { code: 502, headers: vec![], body: "<html>", first: 9 });
    machine.refuses_to_move("vault", &[&at, "502"]);
    faults.set(Fault::Status { code: 200, headers: vec![], body: "<html>log in</html>", first: 99 });
    machine.refuses_to_move("vault", &["does not speak Vault's language"]);
    assert!(bao.call("GET", "secret/data/app", &Value::Null).status() == 404, "nothing was stored");

    // What passes by itself is waited for, and a write whose answer is lost has been done.
    faults.set_for(reads, Fault::Status { code: 429, headers: vec![], body: "", first: 2 });
    machine.moves_and_runs("vault");
    assert_eq!(machine.ours(&["undo", "--yes"]).code, Some(0));
    bao.must("DELETE", "secret/metadata/app", &Value::Null);
    machine.write(".env", "");
    machine.write(".env.example", "");
    faults.set_for(writes, Fault::LoseAnswer(1));
    machine.moves_and_runs("vault");

    faults.set_for(reads, Fault::CutHalfway);
    machine.refuses_to_run(&[&at, "broke off"]);
    faults.set(Fault::Slow(Duration::from_secs(12)));
    let slow = machine.refuses_to_run(&[&at, "within 10 seconds", "vault login"]);
    assert!(slow.took < Duration::from_secs(11), "{:?}", slow.took);
    faults.set(Fault::None);

    // Somebody else's value is not replaced.
    let other = self::machine(&bao.url);
    bao.must("POST", "secret/data/app", &json!({"data": {NAME: "another value"}}));
    other.refuses_to_move("vault", &["holds another value", "--name"]);
}

#[test]
fn what_is_not_there_is_told() {
    let bao = Bao::dev();
    let machine = machine(&bao.url);
    machine.refers_to(PLACE);
    machine.refuses_to_run(&[PLACE, "there is no such secret"]);
    bao.must("POST", "secret/data/app", &json!({"data": {"A": "1", "B": "2"}}));
    machine.refuses_to_run(&["it has A, B"]);
    bao.must("POST", "secret/delete/app", &json!({"versions": [1]}));
    machine.refuses_to_run(&["version 1 was deleted", "vault kv undelete"]);
    bao.must("PUT", "secret/destroy/app", &json!({"versions": [1]}));
    machine.refuses_to_run(&["version 1 was destroyed"]);
    machine.moves_and_runs("vault");
    machine.refers_to("ref+vault://nothing/app#/A");
    machine.refuses_to_run(&["`nothing`"]);
    machine.refers_to("ref+vault://secret/app");
    machine.refuses_to_run(&["names no field"]);
    machine.refers_to("ref+vault://secret/app?version=9#/A");
    machine.refuses_to_run(&["there is no such secret"]);

    bao.policy("nothing", "path \"secret/data/other\" { capabilities = [\"read\"] }");
    let machine = machine.set("VAULT_TOKEN", bao.token("nothing"));
    machine.refers_to(PLACE);
    machine.refuses_to_run(&["says no", "does not allow `read` on `secret/data/app`"]);
    let machine = machine.set("VAULT_TOKEN", bao.expired_token());
    machine.refuses_to_run(&["expired", "vault login"]);
    bao.seal();
    machine.refuses_to_run(&["sealed", "unseal"]);
}

#[test]
fn versions_are_replaced_listed_and_taken_out_of_use() {
    let test = "stores::vault::versions_are_replaced_listed_and_taken_out_of_use";
    let bao = std::env::var_os("AIKEYS_TEST_ROOM").is_none().then(Bao::dev);
    let url = bao.as_ref().map_or("", |bao| bao.url.as_str());
    let Some(room) = apart(test, &[("VAULT_ADDR", url), ("VAULT_TOKEN", Bao::ROOT)]) else { return };
    let stores = room.stores("");
    let key = at("ref+vault://secret/app#/KEY");
    put(&stores, "ref+vault://secret/app#/KEY", "value-one").expect("there is nothing yet");
    put(&stores, "ref+vault://secret/app#/KEY", "value-one").expect("the same value is fine");
    says(put(&stores, "ref+vault://secret/app#/KEY", "value-two"), &["holds another value"]);
    stores.replace(&key, &Secret::new("value-two")).expect("it becomes a new version");
    assert_eq!(value(&stores, "ref+vault://secret/app?version=1#/KEY").as_deref(), Ok("value-one"));
    let states =
        || stores.versions(&key).expect("there are two").into_iter().map(|it| (it.id, it.state)).collect::<Vec<_>>();
    assert_eq!(states(), [("2".to_owned(), VersionState::Live), ("1".to_owned(), VersionState::Live)]);
    assert!(stores.versions(&key).expect("two").iter().all(|it| it.created.is_some()));
    stores.disable(&key, "1").expect("there is a newer one");
    assert_eq!(states()[1].1, VersionState::Disabled);
    says(value(&stores, "ref+vault://secret/app?version=1#/KEY"), &["version 1 was deleted"]);
    // The latest version of a secret with other keys stays.
    put(&stores, "ref+vault://secret/app#/OTHER", "value-three").expect("another field");
    says(stores.disable(&key, "3").map_err(|error| error.to_string()), &["other keys"]);
    assert_eq!(value(&stores, "ref+vault://secret/app#/KEY").as_deref(), Ok("value-two"));
    assert_eq!(stores.exists(&at("ref+vault://secret/app#/NONE")).ok(), Some(false));
}

#[test]
fn names_of_every_kind_have_a_place() {
    let bao = Bao::dev();
    let machine = machine(&bao.url);
    for (path, field) in [("a+b", "x+y"), ("a b/c#d", "x#y"), ("ä?b", "50%"), ("a&b=c", "$x")] {
        let put = format!("ref+vault://secret/{}#/{}", encoded(path), encoded(field));
        let said = machine.ours_with(&["store", "put", &put], "value");
        assert_eq!(said.code, Some(0), "{}", said.text);
        machine.write(".env", &format!("A=\"{put}\"\n"));
        assert_eq!(machine.ours(&["run", "--", "sh", "-c", "echo $A"]).text, "value\n", "{put}");
        let found = bao.cli(&["kv", "get", "-mount=secret", &format!("-field={field}"), path], &[]);
        assert_eq!(String::from_utf8_lossy(&found.stdout), "value", "{found:?}");
    }
    let listed = machine.ours(&["store", "list", "ref+vault://secret"]).text;
    assert!(listed.contains("ref+vault://secret/a%2Bb"), "{listed}");
}

/// As an address has it.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/';
    text.bytes().map(|it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") }).collect()
}

#[test]
fn a_thousand_references_take_less_than_three_seconds() {
    let bao = Bao::dev();
    let mut env = String::new();
    for at in 0..1000 {
        bao.must("POST", &format!("secret/data/many/{at}"), &json!({"data": {"KEY": format!("value-{at}")}}));
        env.push_str(&format!("KEY_{at}=\"ref+vault://secret/many/{at}#/KEY\"\n"));
    }
    let machine = machine(&bao.url);
    machine.write(".env", &env);
    let said = machine.ours(&["run", "--", "sh", "-c", "echo $KEY_0 $KEY_999"]);
    assert_eq!((said.code, said.text.as_str()), (Some(0), "value-0 value-999\n"), "{}", said.text);
    println!("vault: 1,000 references in {:.2} s", said.took.as_secs_f64());
    assert!(said.took < Duration::from_secs(3), "{:?}", said.took);

    // One reference, against what the server and starting the program take by themselves.
    machine.write(".env", "");
    let fastest = |run: &dyn Fn() -> Duration| (0..9).map(|_| run()).min().expect("some");
    let bare = fastest(&|| machine.ours(&["run", "--", "true"]).took);
    machine.write(".env", "KEY=\"ref+vault://secret/many/1#/KEY\"\n");
    let one = fastest(&|| machine.ours(&["run", "--", "true"]).took);
    println!("vault: one reference takes {:.1} ms more than none", one.saturating_sub(bare).as_secs_f64() * 1000.0);
    assert!(one.saturating_sub(bare) < Duration::from_millis(50), "{one:?} against {bare:?}");
}
