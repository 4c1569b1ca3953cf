//! Who read which secret: what the entries of logs come to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use super::trail::{Asked, Entry, Half, Place, Store};
use crate::secrets::SecretRef;

/// Sessions, addresses and programs of one reader that are kept: a role can have one for each container.
const MOST: usize = 500;

/// What is asked of the logs, and what they said until now.
pub(super) struct Question {
    pub secrets: Vec<Secret>,
    /// What each kind of log was found to hold.
    pub logs: BTreeMap<Store, Held>,
    /// Only what happened since then counts.
    pub since: Option<Timestamp>,
    /// The secrets by the last part of their names.
    index: HashMap<(Store, String), Vec<usize>>,
    /// Requests that were counted, as hashes.
    seen: HashSet<u64>,
    /// Questions without an answer until now.
    open: HashMap<u64, (usize, Option<Timestamp>, Asked)>,
}

/// A secret as a whole: no log knows of its fields and of few versions.
pub(super) struct Secret {
    pub at: SecretRef,
    /// The variables that it is for.
    pub variables: BTreeSet<String>,
    /// Whose log knows of it.
    pub store: Option<Store>,
    pub readers: BTreeMap<String, Reader>,
    /// Who did not get it, and why.
    pub refused: BTreeMap<(String, String), Reader>,
    /// The projects in logs of which nobody knows whether they are the one of the reference.
    pub projects: BTreeSet<String>,
}

/// What one of them did.
#[derive(Default)]
pub(super) struct Reader {
    single: u64,
    batches: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub from: BTreeSet<String>,
    pub with: BTreeSet<String>,
    pub known: BTreeSet<String>,
}

/// What a kind of log holds.
#[derive(Default)]
pub(super) struct Held {
    pub entries: u64,
    /// Questions for the value of any secret.
    pub reads: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

impl Reader {
    /// Amazon notes a question for many secrets, and each of them as well.
    pub fn times(&self) -> u64 {
        self.single.max(self.batches)
    }

    fn add(&mut self, asked: Asked, time: Option<Timestamp>) {
        match asked.half {
            Half::Batch => self.batches += 1,
            Half::Whole | Half::Question => self.single += 1,
        }
        widen(&mut self.first, &mut self.last, time);
        let keep = |all: &mut BTreeSet<String>, more: &mut dyn Iterator<Item = String>| {
            all.extend(more.take(MOST.saturating_sub(all.len())));
        };
        keep(&mut self.from, &mut asked.from.into_iter());
        keep(&mut self.with, &mut asked.with.into_iter());
        keep(&mut self.known, &mut asked.known.into_iter());
    }
}

fn widen(first: &mut Option<Timestamp>, last: &mut Option<Timestamp>, time: Option<Timestamp>) {
    let Some(time) = time else { return };
    *first = Some(first.map_or(time, |it| it.min(time)));
    *last = Some(last.map_or(time, |it| it.max(time)));
}

impl Question {
    /// Asks about secrets, each with the variables that it is for.
    pub fn new(asked: BTreeMap<SecretRef, BTreeSet<String>>, since: Option<Timestamp>) -> Question {
        let mut whole: BTreeMap<SecretRef, BTreeSet<String>> = BTreeMap::new();
        for (at, variables) in asked {
            let params = at.params.into_iter().filter(|(name, _)| !name.starts_with("version")).collect();
            whole.entry(SecretRef { field: None, params, ..at }).or_default().extend(variables);
        }
        let secret = |(at, variables): (SecretRef, _)| Secret {
            store: Store::of(&at.backend),
            at,
            variables,
            readers: BTreeMap::new(),
            refused: BTreeMap::new(),
            projects: BTreeSet::new(),
        };
        let secrets: Vec<Secret> = whole.into_iter().map(secret).collect();
        let mut index: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, secret) in secrets.iter().enumerate() {
            let Some(store) = secret.store else { continue };
            for name in names(store, &secret.at.path) {
                index.entry((store, name.to_owned())).or_default().push(at);
            }
        }
        let (logs, seen, open) = (BTreeMap::new(), HashSet::new(), HashMap::new());
        Question { secrets, logs, since, index, seen, open }
    }

    /// Takes what an entry says.
    pub fn hear(&mut self, entry: Entry) {
        let held = self.logs.entry(entry.store).or_default();
        held.entries += 1;
        held.reads += u64::from(!entry.asked.is_empty());
        widen(&mut held.first, &mut held.last, entry.time);
        if self.since.zip(entry.time).is_some_and(|(since, time)| time < since) {
            return;
        }
        for asked in entry.asked {
            for at in self.meant(&asked.place) {
                self.count(at, entry.time, asked.clone());
            }
        }
    }

    fn count(&mut self, at: usize, time: Option<Timestamp>, asked: Asked) {
        let mut hasher = DefaultHasher::new();
        (at, asked.id.trim(), asked.half == Half::Batch).hash(&mut hasher);
        let id = hasher.finish();
        let has_id = !asked.id.trim().is_empty();
        match asked.half {
            Half::Question if has_id && !self.seen.contains(&id) => {
                self.open.insert(id, (at, time, asked));
            }
            Half::Question => {}
            _ if !has_id || self.seen.insert(id) => {
                self.open.remove(&id);
                self.note(at, time, asked);
            }
            _ => {}
        }
    }

    fn note(&mut self, at: usize, time: Option<Timestamp>, mut asked: Asked) {
        let secret = &mut self.secrets[at];
        let who = std::mem::take(&mut asked.who);
        match asked.refused.take() {
            Some(why) => secret.refused.entry((who, why)).or_default().add(asked, time),
            None => secret.readers.entry(who).or_default().add(asked, time),
        }
    }

    /// All logs were heard: a question that is still open got no answer that they know of.
    pub fn end(&mut self) {
        for (at, time, mut asked) in std::mem::take(&mut self.open).into_values() {
            asked.refused.get_or_insert_with(|| "no answer in the log".to_owned());
            self.note(at, time, asked);
        }
    }

    /// The secrets that a place in a log is.
    fn meant(&mut self, place: &Place) -> Vec<usize> {
        let at = |store: Store, name: &str| self.index.get(&(store, name.to_owned())).cloned().unwrap_or_default();
        let mut found: Vec<usize> = match place {
            Place::Vault { path, .. } => at(Store::Vault, names(Store::Vault, path).next().unwrap_or_default()),
            Place::Google { name, .. } => at(Store::Google, name),
            Place::Aws { id, .. } => {
                let all: Vec<&str> = names(Store::Aws, id).collect();
                let exact = all.first().copied().unwrap_or_default();
                // `…:secret:app-secret` can be the secret `app-secret`, and `app` with Amazon's six letters behind.
                let plain = at(Store::Aws, exact).into_iter().filter(|it| self.secrets[*it].at.path == exact);
                let plain: Vec<usize> = plain.collect();
                let any = || all.iter().flat_map(|name| at(Store::Aws, name)).collect();
                if plain.is_empty() { any() } else { plain }
            }
        };
        found.sort_unstable();
        found.dedup();
        found.retain(|it| is_at(&self.secrets[*it].at, place));
        if let Place::Google { projects, .. } = place {
            for it in &found {
                let secret = &mut self.secrets[*it];
                let own = secret.at.path.split('/').next().unwrap_or_default();
                if !projects.contains(own) {
                    secret.projects.extend(projects.iter().take(1).cloned());
                }
            }
        }
        found
    }
}

/// What the secret at a path is called, most likely first; of Amazon's addresses with and without the six letters that
/// it puts behind.
fn names(store: Store, path: &str) -> impl Iterator<Item = &str> {
    let last = match store {
        Store::Aws if path.starts_with("arn:") => path.split_once(":secret:").map_or(path, |(_, name)| name),
        Store::Aws => path,
        Store::Vault | Store::Google => path.trim_end_matches('/').rsplit('/').next().unwrap_or(path),
    };
    let is_address = store == Store::Aws && path.starts_with("arn:");
    let short = last.rsplit_once('-').filter(|(name, end)| {
        is_address && !name.is_empty() && end.len() == 6 && end.bytes().all(|it| it.is_ascii_alphanumeric())
    });
    [Some(last), short.map(|(name, _)| name)].into_iter().flatten()
}

/// The secret of a reference lies at this place; its name is the same already, of Vault's the last part.
fn is_at(reference: &SecretRef, place: &Place) -> bool {
    match place {
        Place::Vault { path, mount, namespace } => {
            let space = reference.param("namespace").map(|it| it.trim_matches('/'));
            let elsewhere = space.is_some_and(|it| it != namespace.as_deref().unwrap_or(""));
            !elsewhere && is_path(&reference.path, path.trim_matches('/'), mount.as_deref())
        }
        Place::Aws { id, region, account } => {
            let own: Vec<&str> = reference.path.split(':').collect();
            let theirs: Vec<&str> = id.split(':').collect();
            let part = |address: &[&str], at: usize| {
                (address.len() > 5 && address[0] == "arn").then(|| address[at].to_owned()).filter(|it| !it.is_empty())
            };
            let differ =
                |one: Option<String>, other: Option<String>| one.zip(other).is_some_and(|(one, other)| one != other);
            let region = part(&theirs, 3).or_else(|| region.clone());
            let account = part(&theirs, 4).or_else(|| account.clone());
            let named = reference.param("region").map(str::to_owned).or_else(|| part(&own, 3));
            !differ(named, region) && !differ(part(&own, 4), account)
        }
        Place::Google { projects, .. } => {
            let own = reference.path.split('/').next().unwrap_or_default();
            let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
            // An id and a number can be the same project: then the name alone is the same.
            projects.contains(own) || projects.iter().all(|it| is_number(it) != is_number(own))
        }
    }
}

/// Version 2 of the engine has `data` behind its place.
fn is_path(wanted: &str, path: &str, mount: Option<&str>) -> bool {
    let wanted = wanted.trim_matches('/');
    if wanted == path {
        return true;
    }
    let without = |(at, _): (usize, &str)| {
        let mount_fits = mount.is_none_or(|it| it.trim_matches('/') == &path[..at]);
        mount_fits && wanted.strip_prefix(&path[..at]).is_some_and(|it| it == &path[at + "/data".len()..])
    };
    path.match_indices("/data/").any(without)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_logs_are_places_of_references() {
        for (wanted, path, mount, same) in [
            ("secret/app", "secret/data/app", Some("secret/"), true),
            ("secret/app", "secret/data/app", None, true),
            ("secret/app", "secret/app", Some("secret/"), true),
            ("team/kv/a/b", "team/kv/data/a/b", Some("team/kv/"), true),
            ("secret/data/app", "secret/data/data/app", Some("secret/"), true),
            ("secret/data/app", "secret/data/data/app", None, true),
            ("secret/data/app", "secret/data/app", Some("secret/"), true),
            ("secret/x/app", "secret/x/data/app", Some("secret/"), false),
            ("secret/app", "secret/metadata/app", Some("secret/"), false),
            ("secret/app", "secret/subkeys/app", Some("secret/"), false),
            ("secret/app", "secretdata/app", None, false),
            ("a/data", "a/data", None, true),
        ] {
            assert_eq!(is_path(wanted, path, mount), same, "{wanted} {path} {mount:?}");
        }
    }

    #[test]
    fn addresses_of_amazon_have_names() {
        let all = |path| names(Store::Aws, path).collect::<Vec<_>>();
        assert_eq!(all("app/KEY"), ["app/KEY"]);
        assert_eq!(all("app-secret"), ["app-secret"]);
        let address = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/KEY";
        assert_eq!(all(address), ["app/KEY"]);
        assert_eq!(all(&format!("{address}-a1B2c3")), ["app/KEY-a1B2c3", "app/KEY"]);
    }
}
