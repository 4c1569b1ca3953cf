//! Policies of Vault and OpenBao.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Form, Purpose, Terms, list, no_form, quoted};
use crate::project::VaultSettings;
use crate::secrets::SecretRef;
use crate::stores::StoreError;

/// Where a reference leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::stores) struct Lies {
    /// Empty for the root.
    pub namespace: String,
    pub mount: String,
    /// Behind the mount.
    pub path: String,
    /// Of the KV engine, 1 or 2; 0 for every other engine.
    pub version: u8,
}

/// What one secret needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::stores) struct Needs {
    /// Where it lies.
    pub lies: Lies,
    /// The fields in use; none are of what all secrets need that are given out for a time.
    pub fields: BTreeSet<String>,
    /// Paths, and what has to be allowed there.
    pub rights: Vec<(String, &'static [&'static str])>,
}

/// Namespaces, and in each of them its secrets, by their paths.
pub(in crate::stores) type Secrets = BTreeMap<String, BTreeMap<String, Needs>>;

/// What lies below is the server's own.
const SYSTEM: [&str; 4] = ["auth", "cubbyhole", "identity", "sys"];
/// The last in the order of paths.
const LEASES: &str = "~";

/// Where a reference leads as far as it can be told without asking: to version 2 of the engine, at the mount that the
/// settings name, else at the first part of the path.
pub(super) fn assumed(at: &SecretRef, settings: Option<&VaultSettings>) -> Lies {
    let path = at.path.trim_matches('/');
    let named = settings.and_then(|it| it.mount.as_deref()).map(|it| it.trim_matches('/'));
    let below = |mount: &&str| path.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/'));
    let first = path.split('/').next().unwrap_or("");
    let mount = named.filter(|it| !it.is_empty()).filter(below).unwrap_or(first);
    let path = path[mount.len()..].trim_matches('/');
    Lies { namespace: String::new(), mount: mount.to_owned(), path: path.to_owned(), version: 2 }
}

/// Why a policy cannot name just this secret.
pub(super) fn problem(at: &SecretRef, lies: &Lies, purpose: Purpose) -> Option<&'static str> {
    let whole = format!("{}/{}", lies.mount, lies.path);
    let parts: Vec<&str> = whole.split('/').collect();
    let all = |it: &str| it.contains("{{") || it.contains("${") || it.contains("%{");
    // An administrator reads what is printed: a sign that is not seen, or that turns the line around, says something else.
    let unseen = |it: char| matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let field = at.field.as_deref().unwrap_or("");
    if lies.mount.is_empty() || lies.path.is_empty() {
        return Some("it names no secret: write `ref+vault://MOUNT/PATH#/FIELD`");
    }
    if field.is_empty() {
        return Some("it names no field: write `#/FIELD` behind the path");
    }
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) || at.to_string().contains(unseen) {
        return Some("this is no path of a secret");
    }
    if parts.contains(&"+") || whole.ends_with('*') || [&whole, &lies.namespace, field].iter().any(|it| all(it)) {
        return Some("in a policy its path would stand for other secrets as well: give it another name");
    }
    if SYSTEM.contains(&parts[0]) {
        return Some("what lies there is Vault's own, and no secret of a program");
    }
    (lies.version == 0 && purpose == Purpose::Rotate)
        .then_some("its engine gives out secrets and takes none: there is nothing to put in their place")
}

/// What these secrets need.
pub(super) fn needs(all: &[(&SecretRef, Lies)], purpose: Purpose) -> Secrets {
    let mut secrets = Secrets::new();
    for (at, lies) in all {
        let of_space = secrets.entry(lies.namespace.clone()).or_default();
        let whole = format!("{}/{}", lies.mount, lies.path);
        let needs = of_space.entry(whole.clone()).or_default();
        needs.fields.extend(at.field.clone());
        needs.lies.clone_from(lies);
        needs.rights = rights(lies, purpose);
        if lies.version == 0 {
            let leases = ["sys/leases/renew", "sys/leases/revoke"];
            of_space.entry(LEASES.to_owned()).or_default().rights =
                leases.map(|it| (it.to_owned(), &["update"][..])).to_vec();
        }
    }
    secrets
}

fn rights(lies: &Lies, purpose: Purpose) -> Vec<(String, &'static [&'static str])> {
    let Lies { mount, path, version, .. } = lies;
    let value: &[&str] = match purpose {
        Purpose::Read => &["read"],
        Purpose::Rotate => &["create", "read", "update"],
    };
    if *version != 2 {
        return vec![(format!("{mount}/{path}"), value)];
    }
    let mut rights = vec![(format!("{mount}/data/{path}"), value)];
    if purpose == Purpose::Rotate {
        rights.push((format!("{mount}/metadata/{path}"), &["read"]));
    }
    // The names of the fields, without their values: `store check` asks for them.
    rights.push((format!("{mount}/subkeys/{path}"), &["read"]));
    rights
}

/// The policy.
pub(super) fn text(
    workspace: &str,
    secrets: &Secrets,
    terms: &Terms<'_>,
    notes: &mut Vec<String>,
) -> Result<String, StoreError> {
    if secrets.is_empty() {
        return Ok(String::new());
    }
    let about = terms.purpose.sentence(workspace);
    match terms.form.unwrap_or(Form::Hcl) {
        Form::Hcl => {
            if secrets.len() > 1 {
                notes.push(format!(
                    "the references lead to {} namespaces: what stands below each `# namespace` is a policy of its own",
                    secrets.len()
                ));
            }
            let policy = |(space, all): (&String, &BTreeMap<String, Needs>)| {
                let of = if space.is_empty() { String::new() } else { format!("# namespace {space}\n") };
                format!("# {about}\n{of}{}", hcl(all))
            };
            Ok(secrets.iter().map(policy).collect::<Vec<_>>().join("\n"))
        }
        Form::Json => {
            let (Some((space, all)), 1) = (secrets.first_key_value(), secrets.len()) else {
                let what = "the references lead to several namespaces, and a policy in JSON is for one: take hcl or \
                            terraform";
                return Err(StoreError::Unavailable(what.to_owned()));
            };
            if !space.is_empty() {
                notes.push(format!("this policy belongs into the namespace {space}"));
            }
            let rights = all.values().flat_map(|it| &it.rights);
            let paths: Map<String, Value> =
                rights.map(|(path, can)| (path.clone(), json!({ "capabilities": can }))).collect();
            Ok(format!("{:#}\n", json!({ "path": paths })))
        }
        Form::Terraform => {
            let mut ids = super::Ids::default();
            let name = format!("{workspace}-{}", terms.purpose.word());
            let resource = |(space, all): (&String, &BTreeMap<String, Needs>)| {
                let id = ids.of(&if space.is_empty() { name.clone() } else { format!("{name}_{space}") });
                let mut text = format!("# {about}\nresource \"vault_policy\" {} {{\n", quoted(&id));
                if !space.is_empty() {
                    let _ = writeln!(text, "  namespace = {}", quoted(space));
                }
                let wide = if space.is_empty() { "" } else { "   " };
                let _ = writeln!(text, "  name   {wide}= {}\n  policy {wide}= <<-EOT", quoted(&name));
                for line in hcl(all).trim_start().lines() {
                    let blank = if line.is_empty() { "" } else { "    " };
                    let _ = writeln!(text, "{blank}{line}");
                }
                text + "  EOT\n}\n"
            };
            Ok(secrets.iter().map(resource).collect::<Vec<_>>().join("\n"))
        }
        Form::Gcloud => Err(no_form("Vault", "hcl, json or terraform")),
    }
}

fn hcl(all: &BTreeMap<String, Needs>) -> String {
    let mut text = String::new();
    for needs in all.values() {
        let Lies { mount, path, version, .. } = &needs.lies;
        let engine = if *version == 0 { "given out for a time".to_owned() } else { format!("KV version {version}") };
        let fields: Vec<&str> = needs.fields.iter().map(String::as_str).collect();
        let _ = match fields[..] {
            [] => writeln!(text, "\n# what is given out for a time is kept alive, and given back at the end"),
            _ => writeln!(text, "\n# {mount}/{path}, {engine}: {}", fields.join(", ")),
        };
        for (path, can) in &needs.rights {
            let _ = writeln!(text, "path {} {{\n  capabilities = {}\n}}", quoted(path), list(can));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SecretRef {
        SecretRef::parse(text).expect("a reference")
    }

    #[test]
    fn mounts_are_those_of_the_settings_or_the_first_part() {
        let settings = VaultSettings { mount: Some("/team/kv/".to_owned()), ..VaultSettings::default() };
        let lies = |text: &str| {
            let lies = assumed(&at(text), Some(&settings));
            (lies.mount, lies.path)
        };
        let pair = |mount: &str, path: &str| (mount.to_owned(), path.to_owned());
        assert_eq!(lies("ref+vault://team/kv/a/b#/X"), pair("team/kv", "a/b"));
        assert_eq!(lies("ref+vault://team/kvx/a#/X"), pair("team", "kvx/a"));
        assert_eq!(lies("ref+vault:///secret/a/#/X"), pair("secret", "a"));
        assert_eq!(lies("ref+vault://secret#/X"), pair("secret", ""));
    }

    #[test]
    fn what_stands_for_more_is_named_in_no_policy() {
        let fine = |text: &str| problem(&at(text), &assumed(&at(text), None), Purpose::Read).is_none();
        for text in ["ref+vault://secret/a#/X", "ref+vault://secret/a%2Bb/c*d#/X", "ref+vault://my/sys/a#/X"] {
            assert!(fine(text), "{text}");
        }
        for text in [
            "ref+vault://secret/a*#/X",
            "ref+vault://%2B/a#/X",
            "ref+vault://secret/a#/%24{file(x)}",
            "ref+vault://secret/a#/%25{if}",
            "ref+vault://secret/{{a}}#/X",
            "ref+vault://secret/a%E2%80%AEb#/X",
            "ref+vault://auth/a#/X",
            "ref+vault://secret/a//b#/X",
            "ref+vault://secret/a#/",
        ] {
            assert!(!fine(text), "{text}");
        }
    }
}
