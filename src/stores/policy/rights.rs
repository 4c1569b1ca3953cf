//! What a token of Vault may do, beside what it has to be allowed.

use std::collections::{BTreeMap, BTreeSet};

use super::vault::{Lies, Needs, Secrets};
use super::{Purpose, Written};
use crate::secrets::SecretRef;
use crate::stores::asking::ask;
use crate::stores::vault::{Rights, Vault, address};
use crate::stores::{StoreError, Stores};

/// A token and a policy, side by side.
#[derive(Debug, Default)]
pub struct Difference {
    /// What the token would have to be allowed.
    pub lacks: Vec<String>,
    /// What it may do that nothing here needs.
    pub beyond: Vec<String>,
    /// How many paths were asked for.
    pub asked: usize,
    /// The policies of the token, where it may know them.
    pub policies: BTreeSet<String>,
}

/// A name that nothing has.
const PROBE: &str = "aikeys-policy-probe";
/// No more names of a folder are looked at.
const NAMES: usize = 100;
/// What a token that reads secrets has no business with.
const SYSTEM: [&str; 21] = [
    "auth/approle/role/aikeys-policy-probe",
    "auth/approle/role/aikeys-policy-probe/secret-id",
    "auth/token/create",
    "auth/token/create-orphan",
    "auth/token/lookup",
    "auth/token/revoke",
    "auth/userpass/users/aikeys-policy-probe",
    "identity/entity",
    "identity/group",
    "sys/audit",
    "sys/auth",
    "sys/auth/aikeys-policy-probe",
    "sys/leases/revoke-prefix/aikeys-policy-probe",
    "sys/mounts",
    "sys/mounts/aikeys-policy-probe",
    "sys/namespaces",
    "sys/policies/acl",
    "sys/policies/acl/aikeys-policy-probe",
    "sys/raw/aikeys-policy-probe",
    "sys/seal",
    "sys/storage/raft/snapshot",
];
/// What every token may do with itself: the policy `default` says so at every Vault.
const ITSELF: [&str; 21] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    "cubbyhole/*",
    "identity/entity/id/",
    "identity/entity/name/",
    "identity/oidc/provider/+/authorize",
    "sys/capabilities-self",
    "sys/control-group/request",
    "sys/internal/ui/resultant-acl",
    "sys/leases/lookup",
    "sys/leases/renew",
    "sys/renew",
    "sys/tools/hash",
    "sys/tools/hash/*",
    "sys/wrapping/lookup",
    "sys/wrapping/unwrap",
    "sys/wrapping/wrap",
    "sys/internal/ui/namespaces",
    "sys/internal/ui/version",
    "sys/license/status",
];

impl Stores {
    /// Where the references lead, as Vault itself says it; `None` where it does not.
    pub(super) fn ask_where(&self, own: &[&SecretRef], written: &mut Written) -> Vec<Option<Lies>> {
        let vault = match address(self.settings().vault.as_ref()).map(|_| self.vault()) {
            None => return own.iter().map(|_| None).collect(),
            Some(Ok(vault)) => vault,
            Some(Err(error)) => {
                written.notes.push(error.discreet().to_string());
                return own.iter().map(|_| None).collect();
            }
        };
        let mut silent = false;
        let mut one = |at: &&SecretRef| {
            if silent {
                return None;
            }
            match self.block_on(ask(&vault, || vault.place(at))) {
                Ok(place) => Some(Lies {
                    namespace: String::new(),
                    mount: place.engine.mount.clone(),
                    path: place.path.trim_matches('/').to_owned(),
                    version: place.engine.version,
                }),
                Err(error) => {
                    let error = error.discreet().to_string();
                    // One mount that may not be seen says nothing of the others.
                    silent = !error.contains("no engine");
                    written.notes.push(error);
                    None
                }
            }
        };
        own.iter().map(&mut one).collect()
    }

    fn vault(&self) -> Result<Vault, StoreError> {
        self.allowed("vault")?;
        Vault::open(self.settings().vault.clone())
    }

    /// Asks Vault what the present token may do: with what the policy names, and with what lies around that.
    pub fn policy_difference(
        &self,
        used: &BTreeSet<SecretRef>,
        purpose: Purpose,
    ) -> Result<(Difference, Written), StoreError> {
        let mut written = Written::default();
        let own = self.own("vault", used, &mut written)?;
        let vault = self.vault().map_err(StoreError::discreet)?;
        let secrets = self.vault_secrets(&own, purpose, &mut written);
        let difference = self.block_on(compare(&vault, &secrets)).map_err(StoreError::discreet)?;
        Ok((difference, written))
    }
}

async fn compare(vault: &Vault, secrets: &Secrets) -> Result<Difference, StoreError> {
    let mut difference = Difference::default();
    for (namespace, all) in secrets {
        let wanted = wanted(all);
        let mut probes = probes(all);
        let folders: Vec<String> = probes.iter().filter(|it| is_folder(it)).cloned().collect();
        let may_list = ask(vault, || vault.may(namespace, &folders)).await?;
        for folder in may_list.iter().filter(|(_, can)| can.contains("list")).map(|(folder, _)| folder) {
            let names = vault.names(namespace, folder.trim_end_matches('/')).await;
            probes.extend(names.iter().take(NAMES).flat_map(|name| beside(folder, name)));
        }
        probes.retain(|path| !wanted.contains_key(path.as_str()));
        let paths: Vec<String> = wanted.keys().map(|it| (*it).to_owned()).chain(probes).collect();
        let may = ask(vault, || vault.may(namespace, &paths)).await?;
        difference.asked += may.len();
        if may.values().any(|can| can.contains("root")) {
            difference.beyond.push(format!("everything{}: this is a root token", of(namespace)));
            continue;
        }
        let whole = if namespace.is_empty() { vault.all_rights().await.unwrap_or_default() } else { Rights::new() };
        differ(namespace, &wanted, &may, &whole, &mut difference);
    }
    difference.policies = vault.token_policies().await.unwrap_or_default();
    Ok(difference)
}

/// What is needed, by path.
fn wanted(all: &BTreeMap<String, Needs>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, can) in all.values().flat_map(|it| &it.rights) {
        wanted.entry(path).or_default().extend(can.iter().copied());
    }
    wanted
}

/// What lies around the paths of a policy: the folders above, names beside and below, what else can be done to a secret,
/// and what is the server's own.
fn probes(all: &BTreeMap<String, Needs>) -> BTreeSet<String> {
    let mut probes: BTreeSet<String> = SYSTEM.iter().map(|it| (*it).to_owned()).collect();
    for needs in all.values().filter(|it| !it.fields.is_empty()) {
        for (path, _) in &needs.rights {
            probes.extend([format!("{path}/{PROBE}"), format!("{path}-{PROBE}")]);
            for (at, _) in path.match_indices('/') {
                probes.extend(["", PROBE, "+", "*"].map(|end| format!("{}/{end}", &path[..at])));
            }
        }
        let Lies { mount, path, version: 2, .. } = &needs.lies else { continue };
        probes.insert(format!("{mount}/config"));
        for part in ["data", "metadata", "subkeys", "delete", "undelete", "destroy"] {
            probes.extend([format!("{mount}/{part}/{path}"), format!("{mount}/{part}/{PROBE}")]);
        }
        let folders = path.match_indices('/').map(|(at, _)| format!("{mount}/metadata/{}/", &path[..at]));
        probes.extend(folders.chain([format!("{mount}/metadata/")]));
    }
    probes
}

fn is_folder(path: &str) -> bool {
    path.ends_with('/') && !path.starts_with("sys/") && !path.starts_with("auth/")
}

/// What could be done with a name that a folder lists.
fn beside(folder: &str, name: &str) -> Vec<String> {
    let data = folder.replacen("/metadata/", "/data/", 1);
    vec![format!("{folder}{name}"), format!("{data}{name}")]
}

fn differ(
    namespace: &str,
    wanted: &BTreeMap<&str, BTreeSet<&str>>,
    may: &Rights,
    whole: &Rights,
    difference: &mut Difference,
) {
    let of = of(namespace);
    let line = |path: &str, can: &[&str]| format!("{} on {path}{of}", can.join(", "));
    for (path, needs) in wanted {
        let has = may.get(*path);
        let lacks: Vec<&str> = needs.iter().copied().filter(|it| has.is_none_or(|has| !has.contains(*it))).collect();
        if !lacks.is_empty() {
            difference.lacks.push(line(path, &lacks));
        }
    }
    let is_own = |path: &str| ITSELF.iter().any(|it| *it == path || it.ends_with('/') && path.starts_with(it));
    // What holds for all below a path is said once.
    let is_said = |path: &str, can: &str| {
        let covers = |pattern: &str| pattern.strip_suffix('*').is_some_and(|begin| path.starts_with(begin));
        whole.iter().any(|(pattern, all)| pattern != path && covers(pattern) && all.contains(can))
    };
    let mut beyond: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, can) in whole.iter().chain(may).filter(|(path, _)| !is_own(path)) {
        let needs = wanted.get(path.as_str());
        let more = can.iter().map(String::as_str).filter(|it| needs.is_none_or(|needs| !needs.contains(it)));
        let more: Vec<&str> = more.filter(|it| !is_said(path, it)).collect();
        if !more.is_empty() {
            beyond.entry(path).or_default().extend(more);
        }
    }
    let lines = beyond.iter().map(|(path, can)| line(path, &can.iter().copied().collect::<Vec<_>>()));
    difference.beyond.extend(lines);
}

fn of(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!(" in the namespace {namespace}") }
}
