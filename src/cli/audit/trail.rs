//! What an entry of a store's log says: who asked for which secret, from where, and whether they got it.
//!
//! Vault and OpenBao (audit devices), Amazon's CloudTrail, Google's audit logs. Of an entry only names are taken, never
//! a value: a log of Vault can hold values.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Store {
    Vault,
    Aws,
    Google,
}

/// An entry of an audit log.
#[derive(Debug)]
pub(super) struct Entry {
    pub store: Store,
    pub time: Option<Timestamp>,
    /// Somebody asked for a secret's value.
    pub asked: Vec<Asked>,
}

/// Somebody asked for the value of one secret.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub place: Place,
    /// Of this request in this log: the same one can stand in several files.
    pub id: String,
    pub half: Half,
    pub who: String,
    /// What else is known of them: a session, a policy.
    pub known: BTreeSet<String>,
    /// An address of the network.
    pub from: Option<String>,
    /// The program that asked.
    pub with: Option<String>,
    /// Why they did not get it.
    pub refused: Option<String>,
}

/// What of a request an entry tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// All of it.
    Whole,
    /// The question; the answer is another entry.
    Question,
    /// One question for many secrets. Amazon notes each of them as well.
    Batch,
}

/// Where a secret lies, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Vault { path: String, mount: Option<String>, namespace: Option<String> },
    Aws { id: String, region: Option<String>, account: Option<String> },
    Google { name: String, projects: BTreeSet<String> },
}

impl Store {
    pub fn id(self) -> &'static str {
        match self {
            Store::Vault => "vault",
            Store::Aws => "aws",
            Store::Google => "gcp",
        }
    }

    /// Whose log knows of the secrets of a backend.
    pub fn of(backend: &str) -> Option<Store> {
        match backend {
            "vault" | "openbao" => Some(Store::Vault),
            "awssecrets" => Some(Store::Aws),
            "gcpsecrets" => Some(Store::Google),
            _ => None,
        }
    }

    /// The log, in a sentence.
    pub fn log(self) -> &'static str {
        match self {
            Store::Vault => "audit log of Vault or OpenBao",
            Store::Aws => "CloudTrail of Amazon",
            Store::Google => "audit log of Google Cloud",
        }
    }
}

/// Understands an entry; `None` if it is none of an audit log. `Some(None)` belongs to such a log and tells nothing.
pub(super) fn understood(entry: &Value) -> Option<Option<Entry>> {
    if let Some(text) = text(entry, "/CloudTrailEvent") {
        // What `lookup-events` shows is the event, as a text.
        return understood(&serde_json::from_str(text).ok()?);
    }
    if text(entry, "/digestStartTime").is_some() {
        return Some(None);
    }
    let found = match entry {
        it if it.get("request").is_some_and(Value::is_object) && it.get("type").is_some() => vault(it),
        it if it.get("protoPayload").is_some_and(Value::is_object) => google(it),
        it if text(it, "/eventSource").is_some() && text(it, "/eventName").is_some() => amazon(it),
        _ => return None,
    };
    Some(Some(found))
}

/// An entry of an audit device: each request has two, when it comes and when it is answered.
fn vault(entry: &Value) -> Entry {
    let time = time(entry, "/time");
    let path = text(entry, "/request/path").unwrap_or_default();
    let is_read = text(entry, "/request/operation") == Some("read") && !path.starts_with("sys/");
    let is_answer = text(entry, "/type") == Some("response");
    let error = text(entry, "/error").filter(|it| !it.is_empty());
    let wrapped = entry.pointer("/response/wrap_info").is_some_and(|it| !it.is_null());
    let data = entry.pointer("/response/data").filter(|it| !it.is_null());
    // A deleted version has a head and no fields.
    let empty = data.is_none_or(|it| it.get("metadata").is_some() && it.get("data").is_some_and(Value::is_null));
    let refused = match (error, is_answer) {
        (Some(error), _) => Some(first_cause(error)),
        (None, true) if empty && !wrapped => Some("there was nothing".to_owned()),
        _ => None,
    };
    let mut known: BTreeSet<String> =
        ["policies", "identity_policies"].iter().flat_map(|it| list(entry, "/auth", it)).collect();
    known = known.into_iter().filter(|it| it != "default").map(|it| format!("policy {it}")).collect();
    let metadata = entry.pointer("/auth/metadata").and_then(Value::as_object);
    known.extend(metadata.into_iter().flatten().filter_map(|(name, it)| Some(format!("{name}={}", it.as_str()?))));
    known.extend(text(entry, "/auth/entity_id").map(|it| format!("entity {it}")));
    let who = text(entry, "/auth/display_name").filter(|it| !it.is_empty());
    let asked = Asked {
        place: Place::Vault {
            path: path.to_owned(),
            mount: text(entry, "/request/mount_point").map(str::to_owned),
            namespace: text(entry, "/request/namespace/path").map(|it| it.trim_matches('/').to_owned()),
        },
        id: text(entry, "/request/id").unwrap_or_default().to_owned(),
        half: if is_answer { Half::Whole } else { Half::Question },
        who: who.unwrap_or("nobody known (no token, or one that does not count)").to_owned(),
        known,
        from: text(entry, "/request/remote_address").map(str::to_owned),
        with: None,
        refused,
    };
    Entry { store: Store::Vault, time, asked: if is_read { vec![asked] } else { Vec::new() } }
}

/// `1 error occurred:\n\t* permission denied\n\n`
fn first_cause(error: &str) -> String {
    let mut causes = error.lines().map(|it| it.trim().trim_start_matches("* ").trim());
    causes.find(|it| !it.is_empty() && !it.contains("occurred:")).unwrap_or("an error").to_owned()
}

/// An event of CloudTrail.
fn amazon(event: &Value) -> Entry {
    let is_ours = text(event, "/eventSource") == Some("secretsmanager.amazonaws.com");
    let ids: Vec<&str> = match text(event, "/eventName").filter(|_| is_ours) {
        Some("GetSecretValue") => text(event, "/requestParameters/secretId").into_iter().collect(),
        Some("BatchGetSecretValue") => {
            let ids = event.pointer("/requestParameters/secretIdList").and_then(Value::as_array);
            ids.into_iter().flatten().filter_map(Value::as_str).collect()
        }
        _ => Vec::new(),
    };
    let half = if text(event, "/eventName") == Some("GetSecretValue") { Half::Whole } else { Half::Batch };
    let (who, mut known) = identity(event.get("userIdentity").unwrap_or(&Value::Null));
    let (own, other) = (text(event, "/recipientAccountId"), text(event, "/userIdentity/accountId"));
    known.extend(other.filter(|it| own.is_some_and(|own| own != *it)).map(|it| format!("account {it}")));
    let asked = |id: &&str| Asked {
        place: Place::Aws {
            id: (*id).to_owned(),
            region: text(event, "/awsRegion").map(str::to_owned),
            account: own.map(str::to_owned),
        },
        id: text(event, "/eventID").unwrap_or_default().to_owned(),
        half,
        who: who.clone(),
        known: known.clone(),
        from: text(event, "/sourceIPAddress").map(str::to_owned),
        with: text(event, "/userAgent").map(str::to_owned),
        refused: text(event, "/errorCode").filter(|it| !it.is_empty()).map(str::to_owned),
    };
    Entry { store: Store::Aws, time: time(event, "/eventTime"), asked: ids.iter().map(asked).collect() }
}

/// Who that is, and what else is known. A role has many sessions: who took it names them.
fn identity(it: &Value) -> (String, BTreeSet<String>) {
    let last = |arn: &str| arn.rsplit(['/', ':']).next().unwrap_or(arn).to_owned();
    let arn = text(it, "/arn");
    let name = || text(it, "/userName").map(str::to_owned).or_else(|| arn.map(last));
    let principal = || text(it, "/principalId").or_else(|| text(it, "/accountId")).unwrap_or("unknown").to_owned();
    let mut known = BTreeSet::new();
    known.extend(text(it, "/onBehalfOf/userId").map(|it| format!("for {it}")));
    known.extend(text(it, "/sessionContext/sourceIdentity").map(|it| format!("source {it}")));
    let kind = text(it, "/type").unwrap_or_default();
    let service = text(it, "/invokedBy");
    let who = match kind {
        "AssumedRole" => {
            let of_arn = || arn.and_then(|it| it.split('/').nth(1)).map(str::to_owned);
            let role = text(it, "/sessionContext/sessionIssuer/userName").map(str::to_owned).or_else(of_arn);
            known.extend(arn.map(|it| format!("session {}", last(it))));
            format!("role {}", role.unwrap_or_else(principal))
        }
        "IAMUser" => format!("user {}", name().unwrap_or_else(principal)),
        "Root" => format!("root of {}", text(it, "/accountId").unwrap_or("the account")),
        "AWSService" => format!("service {}", service.map_or_else(principal, str::to_owned)),
        "AWSAccount" => format!("account {}", text(it, "/accountId").map_or_else(principal, str::to_owned)),
        "" => service.map(str::to_owned).or_else(name).unwrap_or_else(principal),
        kind => format!("{kind} {}", name().unwrap_or_else(principal)),
    };
    if kind != "AWSService" {
        known.extend(service.map(|it| format!("by {it}")));
    }
    (who, known)
}

/// An entry of Cloud Logging with an audit log in it.
fn google(entry: &Value) -> Entry {
    let at = |name: &str| text(entry, &format!("/protoPayload/{name}"));
    let is_read = at("methodName").is_some_and(|it| it.ends_with("SecretManagerService.AccessSecretVersion"));
    let parts: Vec<&str> = at("resourceName").unwrap_or_default().split('/').collect();
    let behind = |word: &str| parts.iter().position(|it| *it == word).and_then(|at| parts.get(at + 1)).copied();
    // The resource has the project's number, the entry around it has the id.
    let log = text(entry, "/logName").and_then(|it| it.strip_prefix("projects/")?.split('/').next());
    let projects = [behind("projects"), text(entry, "/resource/labels/project_id"), log];
    let person = ["authenticationInfo/principalEmail", "authenticationInfo/principalSubject"].into_iter().find_map(at);
    let mut known = BTreeSet::new();
    known
        .extend(at("authenticationInfo/serviceAccountKeyName").map(|_| "with a key of the service account".to_owned()));
    let through =
        entry.pointer("/protoPayload/authenticationInfo/serviceAccountDelegationInfo").and_then(Value::as_array);
    let through = through
        .into_iter()
        .flatten()
        .filter_map(|it| text(it, "/firstPartyPrincipal/principalEmail").or_else(|| text(it, "/principalSubject")));
    known.extend(through.map(|it| format!("for {it}")));
    let status = entry.pointer("/protoPayload/status/code").and_then(Value::as_i64).filter(|it| *it != 0);
    let asked = behind("secrets").filter(|_| is_read).map(|name| Asked {
        place: Place::Google {
            name: name.to_owned(),
            projects: projects.into_iter().flatten().filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        },
        id: format!(
            "{} {}",
            text(entry, "/insertId").unwrap_or_default(),
            text(entry, "/timestamp").unwrap_or_default()
        ),
        half: Half::Whole,
        who: person.filter(|it| !it.is_empty()).unwrap_or("nobody known").to_owned(),
        known,
        from: at("requestMetadata/callerIp").map(str::to_owned),
        with: at("requestMetadata/callerSuppliedUserAgent").map(str::to_owned),
        refused: status.map(status_name),
    });
    let moment = time(entry, "/timestamp").or_else(|| time(entry, "/receiveTimestamp"));
    Entry { store: Store::Google, time: moment, asked: asked.into_iter().collect() }
}

fn status_name(code: i64) -> String {
    match code {
        3 => "INVALID_ARGUMENT".to_owned(),
        5 => "NOT_FOUND".to_owned(),
        7 => "PERMISSION_DENIED".to_owned(),
        8 => "RESOURCE_EXHAUSTED".to_owned(),
        9 => "FAILED_PRECONDITION".to_owned(),
        16 => "UNAUTHENTICATED".to_owned(),
        code => format!("status {code}"),
    }
}

fn text<'v>(value: &'v Value, at: &str) -> Option<&'v str> {
    value.pointer(at)?.as_str()
}

fn list(value: &Value, at: &str, name: &str) -> Vec<String> {
    let all = value.pointer(at).and_then(|it| it.get(name)).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

fn time(value: &Value, at: &str) -> Option<Timestamp> {
    text(value, at)?.parse().ok()
}
