//! What is wrong with a reference: text that is meant to be one and that neither `vals` nor we resolve.

use std::fmt;

/// Why a reference is not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// In words for the user; it can quote the reference.
    pub reason: String,
    /// The reference as it was meant, where that is clear.
    pub meant: Option<String>,
    /// It may be meant so: only who knows the store can tell.
    pub doubtful: bool,
    /// Other programs that read references may know it: `vals` takes the last part of a path for the field.
    pub elsewhere: bool,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// The backends that we resolve.
const OURS: [&str; 6] = ["age", "awssecrets", "exec", "gcpsecrets", "keyring", "vault"];

/// The other backends of `vals`: what stands behind them is its own affair.
const OTHERS: [&str; 44] = [
    "awskms",
    "awsssm",
    "azurekeyvault",
    "bao",
    "bitwardensecrets",
    "bw",
    "bws",
    "conjur",
    "doppler",
    "echo",
    "envsubst",
    "file",
    "gcs",
    "gitlab",
    "gkms",
    "googlesheets",
    "hcpvaultsecrets",
    "httpjson",
    "infisical",
    "k8s",
    "keychain",
    "lockbox",
    "oci",
    "ocivault",
    "onepassword",
    "onepasswordconnect",
    "op",
    "openbao",
    "passbolt",
    "pulumistateapi",
    "redis",
    "s3",
    "scaleway",
    "secretserver",
    "servercore",
    "sops",
    "terraform",
    "tfstate",
    "tfstateazurerm",
    "tfstategs",
    "tfstateremote",
    "tfstates3",
    "vals",
    "yclockbox",
];

/// What people write for a backend.
const MEANT: [(&str, &str); 11] = [
    ("1password", "op"),
    ("aws-sm", "awssecrets"),
    ("awssm", "awssecrets"),
    ("secretsmanager", "awssecrets"),
    ("ssm", "awsssm"),
    ("gcp-sm", "gcpsecrets"),
    ("gcpsm", "gcpsecrets"),
    ("gsm", "gcpsecrets"),
    ("secretmanager", "gcpsecrets"),
    ("hashicorp", "vault"),
    ("hcvault", "vault"),
];

/// Where references, or what is meant to be one, begin in a text.
pub fn references_in(text: &str) -> impl Iterator<Item = usize> + '_ {
    let starts = memchr::memmem::find_iter(text.as_bytes(), "ref+");
    starts.filter_map(|at| {
        let start = if text[..at].ends_with("secret") { at - "secret".len() } else { at };
        let free = !text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let name = &text[at + "ref+".len()..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(name.len());
        (free && end > 0 && name[end..].starts_with(":/")).then_some(start)
    })
}

/// What is wrong with `text`, which begins like a reference and holds nothing else; `None` where it can be resolved.
pub fn malformed(text: &str) -> Option<Malformed> {
    let (begin, rest) = text.split_once('+')?;
    let wrong =
        |reason: String, meant: Option<String>| Some(Malformed { reason, meant, doubtful: false, elsewhere: false });
    let Some((backend, rest)) = rest.split_once(':') else {
        return wrong("it names no backend: a reference begins with `ref+BACKEND://`".to_owned(), None);
    };
    let known = |name: &str| OURS.iter().chain(&OTHERS).copied().find(|it| *it == name);
    let Some(slashes) = rest.strip_prefix("//") else {
        let path = rest.trim_start_matches('/');
        return wrong(
            format!("behind `{backend}` belongs `://`"),
            known(backend).filter(|_| !path.is_empty()).map(|_| format!("{begin}+{backend}://{path}")),
        );
    };
    let Some(name) = known(backend) else {
        let Some(near) = nearest(backend) else {
            let wrong = wrong(format!("there is no backend `{backend}`"), None);
            return wrong.map(|it| Malformed { elsewhere: true, ..it });
        };
        return wrong(
            format!("there is no backend `{backend}`: `{near}` is meant"),
            Some(format!("{begin}+{near}://{slashes}")),
        );
    };
    if !OURS.contains(&name) {
        return None;
    }
    let (before, field) = match slashes.split_once('#') {
        Some((before, field)) => (before, Some(field.trim_start_matches('/'))),
        None => (slashes, None),
    };
    if let Some((field, params)) = field.and_then(|field| field.split_once('?')) {
        let reason = "behind `#/` is the name of the field: `?` and what follows stand before it".to_owned();
        let clear = !before.contains('?') && params.contains('=');
        return wrong(reason, clear.then(|| format!("{begin}+{backend}://{before}?{params}#/{field}")));
    }
    let (path, params) = before.split_once('?').unwrap_or((before, ""));
    if let Some(reason) = odd_sign(slashes) {
        let meant = slashes.trim_end_matches(',').replace('+', "%2B").replace(' ', "%20");
        let clear = !meant.contains(['"', '\'', '`', '\t']);
        return wrong(reason, clear.then(|| format!("{begin}+{backend}://{meant}")));
    }
    if let Some(reason) = parts(name, path, field).or_else(|| params_of(params)) {
        let elsewhere = name == "vault" && field.is_none() && path.split('/').filter(|it| !it.is_empty()).count() > 2;
        return wrong(reason, None).map(|it| Malformed { elsewhere, ..it });
    }
    // A mount of version 1 may well hold such a path.
    let (mount, inner) = path.split_once('/')?;
    let plain = inner.strip_prefix("data/").filter(|_| name == "vault")?;
    Some(Malformed {
        reason: "the path of a reference has no `data/`: of a KV mount of version 2 it is added".to_owned(),
        meant: Some(text.replacen(&format!("{mount}/data/{plain}"), &format!("{mount}/{plain}"), 1)),
        doubtful: true,
        elsewhere: false,
    })
}

/// A sign at which a reader of references stops.
fn odd_sign(rest: &str) -> Option<String> {
    if rest.contains('+') {
        return Some("`vals` ends a reference at `+`: in a name it is written `%2B`".to_owned());
    }
    if rest.contains([' ', '\t']) {
        return Some("a reference ends at a blank: in a name it is written `%20`".to_owned());
    }
    if rest.contains(['"', '\'', '`']) {
        return Some("a quote cannot stand in a reference".to_owned());
    }
    rest.ends_with(',').then(|| "a reference cannot end in `,`".to_owned())
}

/// What a backend asks for.
fn parts(backend: &str, path: &str, field: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let whole = parts.iter().all(|part| !part.is_empty());
    let no_field = field.is_none_or(str::is_empty);
    match backend {
        _ if path.is_empty() => Some("it names no secret".to_owned()),
        "vault" if parts.len() < 2 || !whole => {
            Some("it has to name the mount and the path: `ref+vault://MOUNT/PATH#/FIELD`".to_owned())
        }
        "vault" if no_field => Some("it names no field: write `#/FIELD` behind the path".to_owned()),
        "age" if no_field => Some("it names no secret: write `#/NAME` behind the file".to_owned()),
        "gcpsecrets" if parts.len() != 2 || !whole => {
            Some("it has to name the project and the secret: `ref+gcpsecrets://PROJECT/SECRET`".to_owned())
        }
        "awssecrets" | "gcpsecrets" if field == Some("") => Some("behind `#/` belongs the name of a field".to_owned()),
        _ => None,
    }
}

/// What stands behind `?`.
fn params_of(params: &str) -> Option<String> {
    let params = params.split('&').filter(|_| !params.is_empty());
    for param in params {
        match param.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                let number = value.bytes().all(|byte| byte.is_ascii_digit());
                if name == "version" && !number && value != "latest" {
                    return Some("`version` takes a number".to_owned());
                }
            }
            _ => return Some("behind `?` belongs `name=value`".to_owned()),
        }
    }
    None
}

/// The backend that somebody means who writes `name`.
fn nearest(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, meant)) = MEANT.iter().find(|(it, _)| *it == lower) {
        return Some(meant);
    }
    let plain: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let close = |it: &&&str| differences(it, &plain) <= usize::from(it.len() > 4);
    OURS.iter().chain(&OTHERS).find(close).copied()
}

/// How many letters one has to change, add or take out.
fn differences(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_that_are_resolved() {
        for text in [
            "ref+vault://secret/myapp/openai#/api_key",
            "ref+vault://secret/myapp/openai?version=3&namespace=team#/api_key",
            "ref+vault://secret/myapp#api_key",
            "ref+awssecrets://myapp/openai",
            "ref+awssecrets://myapp/openai?region=us-east-1#/key",
            "ref+awssecrets://arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf",
            "ref+gcpsecrets://my-project/openai?version=latest",
            "ref+age://.aikeys/secrets.age#/OPENAI_API_KEY",
            "secretref+vault://secret/a#/b",
            // Others have their own grammar.
            "ref+op://Production/Data base/password",
            "ref+file://./x y.yaml#/a+b",
            "ref+echo://x",
        ] {
            assert_eq!(malformed(text), None, "{text}");
        }
    }

    #[test]
    fn references_that_are_not() {
        for (text, meant) in [
            ("ref+awssecret://a/b", Some("ref+awssecrets://a/b")),
            ("ref+aws-secrets://a/b", Some("ref+awssecrets://a/b")),
            ("ref+Vault://secret/a#/b", Some("ref+vault://secret/a#/b")),
            ("ref+gsm://p/s", Some("ref+gcpsecrets://p/s")),
            ("ref+vault:/secret/a#/b", Some("ref+vault://secret/a#/b")),
            ("ref+vault://secret/data/a#/b", Some("ref+vault://secret/a#/b")),
            (
                "ref+vault://kv/a#/b?address=https://v.corp.com:8200",
                Some("ref+vault://kv/a?address=https://v.corp.com:8200#/b"),
            ),
            ("ref+dropbox://a", None),
            ("ref+vault://", None),
            ("ref+vault://secret#/b", None),
            ("ref+vault://secret//a#/b", None),
            ("ref+vault://secret/a", None),
            ("ref+vault://secret/a#/", None),
            ("ref+vault://secret/a+b#/c", Some("ref+vault://secret/a%2Bb#/c")),
            ("ref+vault://secret/a b#/c", Some("ref+vault://secret/a%20b#/c")),
            ("ref+vault://secret/a#/c,", Some("ref+vault://secret/a#/c")),
            ("ref+vault://secret/a?version=new#/c", None),
            ("ref+vault://secret/a?version#/c", None),
            ("ref+gcpsecrets://secret", None),
            ("ref+gcpsecrets://p/s/3", None),
            ("ref+age://file", None),
        ] {
            let found = malformed(text).unwrap_or_else(|| panic!("{text} is well-formed"));
            assert_eq!(found.meant.as_deref(), meant, "{text}");
        }
    }

    #[test]
    fn where_references_begin() {
        let found = |text: &str| references_in(text).collect::<Vec<_>>();
        assert_eq!(found("A=ref+vault://x B=secretref+awssecrets:/y"), [2, 18]);
        assert_eq!(found("href+x://a ref+ ref+a ref+://x _ref+a://b"), Vec::<usize>::new());
    }

    #[test]
    fn letters_that_differ() {
        assert_eq!([differences("vault", "vault"), differences("vault", "valt"), differences("", "ab")], [0, 1, 2]);
    }
}
