//! `rotate --serve gcp-pubsub`: takes what Google Cloud Secret Manager says through a push subscription of Pub/Sub, and
//! rotates the key that is meant.
//!
//! Who may call is Cloud Run's to check; elsewhere than there only this machine is listened to.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;

use super::Args;
use crate::project::{Workspace, references_of_variables};
use crate::rotation::{Step, journals};
use crate::secrets::{SecretRef, visible};

/// A message is small: it has names and the description of a secret.
const LARGEST: u64 = 1024 * 1024;
/// Who connects and says nothing is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// A message of ours: go on with what waits, and rotate what is overdue.
const DUE: &str = "ROTATE_DUE";

/// What to answer.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// Nothing is to be done.
    Nothing(String),
    /// Rotate what this secret is in, by a message of this moment.
    Rotate { secret: String, sent: Option<Timestamp> },
    /// Rotate what is due.
    Due,
    /// It is no message.
    Wrong(&'static str),
}

/// Listens for as long as it is let.
pub(super) fn serve(args: &Args) -> Result<u8> {
    let port: u16 = env::var("PORT").ok().map_or(Ok(8080), |it| it.parse()).context("PORT is no port")?;
    let is_cloud_run = env::var_os("K_SERVICE").is_some_and(|it| !it.is_empty());
    let address = if is_cloud_run { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let listener = TcpListener::bind((address, port)).with_context(|| format!("port {port} cannot be listened on"))?;
    writeln!(io::stderr(), "listening on {}", listener.local_addr()?)?;
    // One after the other: two rotations of a key would be in each other's way.
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.set_write_timeout(Some(PATIENCE));
        let status = match message(&stream) {
            // The next message finds the workspace mended.
            Ok(body) => answer(args, &body).or_else(|error| {
                writeln!(io::stderr(), "error: {}", visible(&format!("{error:#}")))?;
                anyhow::Ok("500 Internal Server Error")
            })?,
            Err(status) => status,
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    }
    Ok(super::CLEAN)
}

/// The body of what was posted, or the status that says why there is none.
fn message(stream: &TcpStream) -> Result<Vec<u8>, &'static str> {
    let mut input = BufReader::new(stream).take(LARGEST);
    let mut line = String::new();
    let mut length = 0;
    let mut is_post = None;
    loop {
        line.clear();
        if input.read_line(&mut line).is_err() || !line.ends_with('\n') {
            return Err("400 Bad Request");
        }
        let text = line.trim();
        if text.is_empty() {
            break;
        }
        is_post.get_or_insert(text.starts_with("POST "));
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| "400 Bad Request")?;
        }
    }
    if is_post != Some(true) {
        return Err("405 Method Not Allowed");
    }
    if length > input.limit() {
        return Err("413 Content Too Large");
    }
    let mut body = vec![0; usize::try_from(length).map_err(|_| "413 Content Too Large")?];
    input.read_exact(&mut body).map_err(|_| "400 Bad Request")?;
    Ok(body)
}

/// Does what a message asks for. With another status than 2xx Pub/Sub sends it again, later and later.
fn answer(args: &Args, body: &[u8]) -> Result<&'static str> {
    let said = understood(body);
    let runs = match &said {
        Said::Nothing(what) => {
            writeln!(io::stderr(), "nothing to do for {}", visible(what))?;
            return Ok("204 No Content");
        }
        Said::Wrong(why) => {
            writeln!(io::stderr(), "error: {why}")?;
            return Ok("400 Bad Request");
        }
        Said::Due => vec![vec!["--due".to_owned()]],
        Said::Rotate { secret, sent } => {
            let runs = rotations(secret, *sent)?;
            if runs.is_empty() {
                writeln!(io::stderr(), "{}: nothing here is left to rotate for it", visible(secret))?;
            }
            runs
        }
    };
    let mut is_fine = true;
    for run in &runs {
        is_fine &= rotate(args, run)?;
    }
    Ok(if is_fine { "204 No Content" } else { "500 Internal Server Error" })
}

fn understood(body: &[u8]) -> Said {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Said::Wrong("what was posted is no JSON") };
    let Some(message) = body.get("message").filter(|it| it.is_object()) else {
        return Said::Wrong("what was posted is no message of Pub/Sub");
    };
    let attribute = |name: &str| message.pointer("/attributes")?.get(name)?.as_str();
    let sent = || message.get("publishTime").or_else(|| message.get("publish_time"))?.as_str()?.parse().ok();
    match (attribute("eventType"), attribute("secretId")) {
        (Some("SECRET_ROTATE"), Some(secret)) => Said::Rotate { secret: secret.to_owned(), sent: sent() },
        (Some("SECRET_ROTATE"), None) => {
            Said::Wrong("the message names no secret: the attribute `secretId` is missing")
        }
        (Some(DUE), _) => Said::Due,
        // Topics tell more than rotations: that a version was added, that a topic was set.
        (other, _) => Said::Nothing(other.unwrap_or("a message without `eventType`").to_owned()),
    }
}

/// What has to be started for a secret. The same message can come twice.
fn rotations(secret: &str, sent: Option<Timestamp>) -> Result<Vec<Vec<String>>> {
    let workspace = Workspace::open(Path::new("."))?;
    let (known, _) = journals();
    let mut runs = Vec::new();
    for (variable, references) in references_of_variables(&workspace) {
        if !references.iter().any(|it| is_of(it, secret)) {
            continue;
        }
        let mut own = known.iter().filter(|it| it.root == workspace.root() && it.variables.contains(&variable));
        match own.next_back() {
            Some(begun) if !begun.step.is_last() => runs.push(vec![variable, "--resume".to_owned()]),
            Some(done)
                if done.step == Step::Ended
                    && sent.is_some_and(|it| it.as_second() < i64::try_from(done.started).unwrap_or(i64::MAX)) => {}
            _ => runs.push(vec![variable]),
        }
    }
    Ok(runs)
}

/// The reference leads to the secret `projects/PROJECT/secrets/NAME`: its project can be a number here and a name there.
fn is_of(reference: &SecretRef, secret: &str) -> bool {
    let parts: Vec<&str> = secret.split('/').collect();
    let behind = |word: &str| parts.iter().position(|it| *it == word).and_then(|at| parts.get(at + 1)).copied();
    let (Some(project), Some(name)) = (behind("projects"), behind("secrets")) else { return false };
    let Some((own, own_name)) = reference.path.split_once('/').filter(|_| reference.backend == "gcpsecrets") else {
        return false;
    };
    let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    own_name == name && (own == project || is_number(own) != is_number(project))
}

/// Starts this program for a rotation: whatever ends that, this goes on.
fn rotate(args: &Args, run: &[String]) -> Result<bool> {
    let mut command = Command::new(env::current_exe().context("this program cannot be found")?);
    command.arg("rotate").args(run).arg("--yes").stdin(Stdio::null());
    if !run.iter().any(|it| it == "--resume") {
        let seconds = |name: &str, it: Duration| [name.to_owned(), format!("{}s", it.as_secs())];
        command.args(args.hook.iter().flat_map(|it| ["--hook".to_owned(), it.clone()]));
        command.args(args.grace.into_iter().flat_map(|it| seconds("--grace", it)));
        command.args(args.lifetime.into_iter().flat_map(|it| seconds("--lifetime", it)));
    }
    let status = command.status().context("this program cannot be started again")?;
    // 1 is a key that is still in use: nothing failed, and it is gone on with later.
    Ok(matches!(status.code(), Some(0 | 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_of_secret_manager_are_understood() {
        let message = |attributes: Value| {
            json!({"message": {"attributes": attributes, "data": "e30=", "messageId": "1",
                "publishTime": "2026-05-02T10:00:00Z"}, "subscription": "projects/p/subscriptions/s"})
        };
        let said = |value: Value| understood(value.to_string().as_bytes());
        let secret = "projects/77/secrets/key";
        let sent = "2026-05-02T10:00:00Z".parse().ok();
        let rotate = message(json!({"eventType": "SECRET_ROTATE", "secretId": secret, "dataFormat": "JSON_API_V1"}));
        assert_eq!(said(rotate), Said::Rotate { secret: secret.to_owned(), sent });
        assert_eq!(said(message(json!({"eventType": "ROTATE_DUE"}))), Said::Due);
        let added = message(json!({"eventType": "SECRET_VERSION_ADD", "secretId": secret}));
        assert_eq!(said(added), Said::Nothing("SECRET_VERSION_ADD".to_owned()));
        assert!(matches!(said(message(json!({"eventType": "SECRET_ROTATE"}))), Said::Wrong(_)));
        assert!(matches!(said(json!({})), Said::Wrong(_)));
        assert!(matches!(understood(b"\xff"), Said::Wrong(_)));
    }

    #[test]
    fn secrets_have_numbers_and_names() {
        let of = |reference: &str| is_of(&SecretRef::parse(reference).expect("a reference"), "projects/77/secrets/key");
        assert!(of("ref+gcpsecrets://77/key") && of("ref+gcpsecrets://acme/key?version=2"));
        assert!(!of("ref+gcpsecrets://78/key") && !of("ref+gcpsecrets://acme/other") && !of("ref+vault://77/key"));
    }
}
