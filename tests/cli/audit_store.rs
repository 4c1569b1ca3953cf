//! Logs of stores as programs write and break them. The entries are made here, by the published descriptions of
//! CloudTrail's records and of Google's `LogEntry` and `AuditLog`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use zlib_rs::{Deflate, DeflateFlush};

use super::{Sandbox, text};
use crate::support::with_keys;

const ACCOUNT: &str = "123456789012";

/// An event of CloudTrail.
fn event(id: usize, name: &str, identity: Value, request: Value) -> Value {
    json!({
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": format!("2026-05-02T10:{:02}:00Z", id % 60),
        "eventSource": "secretsmanager.amazonaws.com", "eventName": name, "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9", "userAgent": "aws-sdk", "requestParameters": request,
        "responseElements": null, "requestID": format!("q{id}"), "eventID": format!("e{id}"), "readOnly": true,
        "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
    })
}

fn role(name: &str, session: &str) -> Value {
    json!({
        "type": "AssumedRole", "principalId": format!("AROA:{session}"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}"),
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/{name}"), "userName": name},
        },
    })
}

fn get(id: usize, identity: Value, secret: &str) -> Value {
    event(id, "GetSecretValue", identity, json!({"secretId": secret}))
}

/// An entry of Google's data access log.
fn google(id: usize, resource: &str, project: Option<&str>) -> Value {
    let mut entry = json!({
        "insertId": format!("i{id}"), "logName": "projects/p/logs/cloudaudit.googleapis.com%2Fdata_access",
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": "ann@acme.example"},
            "authorizationInfo": [{"granted": true, "permission": "secretmanager.versions.access"}],
            "methodName": "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "requestMetadata": {"callerIp": "34.1.2.3"}, "resourceName": resource,
            "serviceName": "secretmanager.googleapis.com",
        },
        "receiveTimestamp": "2026-05-04T08:00:00Z", "timestamp": "2026-05-04T08:00:00Z",
    });
    match project {
        Some(project) => entry["resource"] = json!({"type": "audited_resource", "labels": {"project_id": project}}),
        None => entry["logName"] = json!("organizations/1/logs/cloudaudit.googleapis.com%2Fdata_access"),
    }
    entry
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut deflate = Deflate::new(6, true, 15 + 16);
    let mut out = vec![0; bytes.len() + 1024];
    deflate.compress(bytes, &mut out, DeflateFlush::Finish).expect("packed");
    out.truncate(usize::try_from(deflate.total_out()).expect("a length"));
    out
}

/// What the logs say of one secret.
fn ask(sandbox: &Sandbox, logs: &[&str], secret: &str) -> Value {
    let mut args = vec!["audit", "--format", "json", secret];
    logs.iter().for_each(|log| args.extend(["--store", log]));
    let said = sandbox.aikeys(&args);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let answer: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let mut secret = answer["secrets"][0].clone();
    secret["notes"] = answer["notes"].clone();
    secret
}

fn readers(secret: &Value) -> Vec<(String, u64)> {
    let all = secret["readers"].as_array().expect("a list");
    all.iter()
        .map(|it| (it["who"].as_str().expect("a name").to_owned(), it["times"].as_u64().expect("a number")))
        .collect()
}

#[test]
fn each_kind_of_identity_has_a_name() {
    let sandbox = Sandbox::new();
    let full = format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:app/KEY-a1B2c3");
    let identities = [
        role("Admin", "ann@acme.example"),
        role("Admin", "bob@acme.example"),
        json!({"type": "IAMUser", "userName": "carl", "arn": format!("arn:aws:iam::{ACCOUNT}:user/carl")}),
        json!({"type": "Root", "accountId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:root")}),
        json!({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}),
        json!({"type": "AWSAccount", "accountId": "999999999999", "principalId": "AROA:x"}),
        json!({"type": "WebIdentityUser", "userName": "acct:job", "identityProvider": "oidc"}),
        json!({"type": "Unheard", "principalId": "p"}),
        Value::Null,
    ];
    let mut all: Vec<Value> = identities.into_iter().enumerate().map(|(id, who)| get(id, who, &full)).collect();
    // Neither other calls nor other services count, and no other region's secret of this name.
    all.push(event(90, "DescribeSecret", role("Admin", "x"), json!({"secretId": full})));
    let mut elsewhere = get(91, role("Admin", "x"), "app/KEY");
    elsewhere["awsRegion"] = json!("eu-west-1");
    let mut other = get(92, role("Admin", "x"), "app/KEY");
    other["eventSource"] = json!("ssm.amazonaws.com");
    all.extend([elsewhere, other]);
    sandbox.write("trail.json", json!({"Records": all}).to_string());
    let secret = ask(&sandbox, &["trail.json"], "ref+awssecrets://app/KEY?region=us-east-1#/field");
    let expected = [
        ("Unheard p", 1),
        ("WebIdentityUser acct:job", 1),
        ("account 999999999999", 1),
        ("role Admin", 2),
        ("root of 123456789012", 1),
        ("service rds.amazonaws.com", 1),
        ("unknown", 1),
        ("user carl", 1),
    ];
    assert_eq!(readers(&secret), expected.map(|(who, times)| (who.to_owned(), times)));
    let admin = &secret["readers"][3];
    assert_eq!(admin["as"], json!(["session ann@acme.example", "session bob@acme.example"]));
    // By the address of it, and by the address of another account.
    assert_eq!(ask(&sandbox, &["trail.json"], &full)["reads"], 9);
    assert_eq!(ask(&sandbox, &["trail.json"], &full.replace(ACCOUNT, "111111111111"))["reads"], 0);
    assert_eq!(ask(&sandbox, &["trail.json"], "ref+awssecrets://app/KEY")["reads"], 10);
}

#[test]
fn every_request_counts_once() {
    let sandbox = Sandbox::new();
    let batch = |id| event(id, "BatchGetSecretValue", role("app", "task"), json!({"secretIdList": ["a", "b"]}));
    // Amazon writes an event for the call and one for each secret of it.
    let all = [batch(1), get(2, role("app", "task"), "a"), get(3, role("app", "task"), "b")];
    let records = json!({"Records": all}).to_string();
    sandbox.write("logs/one.json", &records);
    let packed = gzip(records.as_bytes());
    sandbox.write("logs/deep/two.json.gz", &packed);
    let digest = json!({"awsAccountId": ACCOUNT, "digestStartTime": "2026-05-02T10:00:00Z"}).to_string();
    sandbox.write("logs/deep/digest.json.gz", gzip(digest.as_bytes()));
    assert_eq!(readers(&ask(&sandbox, &["logs"], "ref+awssecrets://a")), [("role app".to_owned(), 1)]);
    // Two packed files behind each other, as `cat` makes them.
    let mut refused = batch(4);
    refused["errorCode"] = json!("AccessDenied");
    let more = gzip(json!({"Records": [batch(5), refused]}).to_string().as_bytes());
    sandbox.write("both.gz", [packed, more].concat());
    let secret = ask(&sandbox, &["both.gz"], "ref+awssecrets://b");
    assert_eq!(readers(&secret), [("role app".to_owned(), 2)]);
    assert_eq!((&secret["refused"][0]["why"], &secret["refused"][0]["times"]), (&json!("AccessDenied"), &json!(1)));
    // The answer of `lookup-events` holds the event as a text.
    let looked_up = json!({"Events": [{
        "EventId": "e2", "EventName": "GetSecretValue", "Username": "task", "EventTime": 1_777_716_120.0,
        "CloudTrailEvent": get(2, role("app", "task"), "a").to_string(),
    }], "NextToken": "more"});
    sandbox.write("looked-up.json", format!("{looked_up:#}"));
    assert_eq!(ask(&sandbox, &["looked-up.json"], "ref+awssecrets://a")["reads"], 1);
    assert_eq!(ask(&sandbox, &["looked-up.json", "logs"], "ref+awssecrets://a")["reads"], 1);
}

#[test]
fn projects_have_numbers_and_names() {
    let sandbox = Sandbox::new();
    let lines = [
        google(1, "projects/77/secrets/key/versions/3", Some("acme")),
        google(2, "projects/acme/locations/europe-west1/secrets/key/versions/latest", Some("acme")),
        google(3, "projects/88/secrets/key/versions/3", Some("other")),
        google(4, "projects/99/secrets/key/versions/3", None),
    ];
    let text: String = lines.iter().fold(String::new(), |mut all, it| {
        writeln!(all, "{it}").expect("a text");
        all
    });
    sandbox.write("lines.json", &text);
    let secret = ask(&sandbox, &["lines.json"], "ref+gcpsecrets://acme/key?version=3");
    assert_eq!(readers(&secret), [("ann@acme.example".to_owned(), 3)]);
    let note = "ref+gcpsecrets://acme/key: the log has the project as 99, so only the name is sure to be the same";
    assert_eq!(secret["notes"], json!([note]));
    assert_eq!(ask(&sandbox, &["lines.json"], "projects/77/secrets/key/versions/latest")["reads"], 2);
    assert_eq!(ask(&sandbox, &["lines.json"], "ref+gcpsecrets://acme/other")["reads"], 0);
    // Nobody reads anything where these logs are switched off.
    let mut listing = google(5, "projects/77/secrets/key", Some("acme"));
    listing["protoPayload"]["methodName"] = json!("google.cloud.secretmanager.v1.SecretManagerService.GetSecret");
    sandbox.write("off.json", json!([listing]).to_string());
    let secret = ask(&sandbox, &["off.json"], "ref+gcpsecrets://acme/key");
    assert!(secret["notes"][0].as_str().expect("a note").contains("Data Access"), "{secret}");
}

#[test]
fn every_writing_of_a_log_is_read() {
    let sandbox = Sandbox::new();
    let events: Vec<Value> = (0..50).map(|id| get(id, role("app", "x"), "a")).collect();
    let by_line: String = events.iter().map(|it| format!("{it}\n")).collect();
    let pretty: String = events.iter().map(|it| format!("{it:#}\n")).collect();
    let unicode: Vec<u8> = by_line.replace("aws-sdk", "ä\u{fffd}").replace('\u{fffd}', "").into_bytes();
    let latin =
        by_line.replace("aws-sdk", "A").into_bytes().iter().map(|it| if *it == b'A' { 0xe4 } else { *it }).collect();
    let marked = [b"\xef\xbb\xbf", by_line.as_bytes()].concat();
    let prefixed: String = events.iter().map(|it| format!("May  2 10:00:00 host @cee: {it}\r\n\r\n")).collect();
    let files: [(&str, Vec<u8>); 8] = [
        ("lines", by_line.clone().into_bytes()),
        ("packed", gzip(by_line.as_bytes())),
        ("pretty", pretty.into_bytes()),
        ("list", json!(events).to_string().into_bytes()),
        ("unicode", unicode),
        ("latin", latin),
        ("marked", marked),
        ("prefixed", prefixed.into_bytes()),
    ];
    for (name, bytes) in &files {
        sandbox.write(name, bytes);
        assert_eq!(ask(&sandbox, &[name], "ref+awssecrets://a")["reads"], 50, "{name}");
    }
    let wide: Vec<u8> = by_line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.write("wide", [&[0xff, 0xfe][..], &wide].concat());
    let said = sandbox.aikeys(&["audit", "--store", "wide", "ref+awssecrets://a"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("UTF-16"), "{}", text(&said.stderr));
}

#[test]
fn no_log_makes_it_fail_or_show_a_key() {
    let keyed = with_keys("{openai.project}");
    let sandbox = Sandbox::new();
    let mut hostile = get(1, role("app\u{1b}[2J", &keyed.text), "a");
    hostile["userAgent"] = json!(format!("agent {}", keyed.text));
    hostile["sourceIPAddress"] = json!("\u{202e}x\n  forged");
    let mut odd = get(2, json!("text"), "a");
    odd["requestParameters"] = json!([1, 2]);
    odd["eventTime"] = json!(12);
    let whole = format!("{hostile}\n{odd}\n{}\n", get(3, json!({"type": 7, "arn": ["x"]}), "a"));
    sandbox.write("log", &whole);
    let packed = gzip(whole.as_bytes());
    let said = sandbox.aikeys(&["audit", "--store", "log", "ref+awssecrets://a"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let shown = text(&said.stdout);
    assert!(!keyed.leaks(&shown) && !shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    assert!(!shown.lines().any(|it| it.trim_start().starts_with("forged")), "{shown}");
    // Cut anywhere and changed anywhere: it ends with an answer or with an error.
    for at in (0..packed.len()).step_by(7) {
        let mut changed = packed.clone();
        changed[at] ^= 0x55;
        sandbox.write("changed", &changed);
        sandbox.write("cut", &packed[..at]);
        for name in ["changed", "cut"] {
            let said = sandbox.aikeys(&["audit", "--store", name, "ref+awssecrets://a"]);
            let shown = text(&said.stdout) + &text(&said.stderr);
            assert!(matches!(said.status.code(), Some(0 | 2)), "{name} at {at}: {shown}");
            assert!(!keyed.leaks(&shown) && !shown.contains("aikeys-lsp failed"), "{name} at {at}: {shown}");
        }
    }
}
