//! What `aikeys.lock` says of an inventory.

use std::collections::BTreeMap;

use super::entry::{Entry, Kind};
use crate::fixes::{Listed, Lock};
use crate::secrets::{Catalogue, without_keys};
use crate::text::Span;

/// The list of keys for what is in use now. What an older list says of the same variables stays, and burned keys stay.
///
/// It names the variables of providers. A key that stands in a file is no entry of its own: that is a finding, and the key of
/// an env file is somebody's own.
pub fn lock_text(old: Option<&Lock>, entries: &[Entry], catalogue: &Catalogue, today: &str) -> String {
    let mut listed: BTreeMap<&str, Listed> = BTreeMap::new();
    for entry in entries {
        // What opens a store is no key of a provider.
        let counts = |it: &&String| catalogue.provider(it).is_some_and(|it| it.category != "store");
        let Some(provider) = entry.provider.as_ref().filter(counts) else { continue };
        let since = entry.since.as_ref().filter(|(_, by)| *by != "file").map_or(today, |(date, _)| date);
        for variable in &entry.variables {
            let reference = entry.reference.as_ref().filter(|_| entry.kind == Kind::Reference).map(ToString::to_string);
            // The list is committed: what may be a key does not go into it.
            let reference = reference.filter(|it| without_keys(it) == *it);
            let known = listed.entry(variable).or_insert_with(|| Listed {
                variable: variable.clone(),
                at: Span::new(0, 0),
                provider: provider.clone(),
                owner: entry.owner.clone(),
                reference: None,
                since: since.to_owned(),
                since_at: Span::new(0, 0),
                rotate_days: None,
            });
            known.reference = known.reference.take().or(reference);
        }
    }
    for before in old.into_iter().flat_map(|it| &it.listed) {
        if let Some(now) = listed.get_mut(before.variable.as_str()) {
            let reference = now.reference.take().or_else(|| before.reference.clone());
            *now = Listed { reference, owner: before.owner.clone().or(now.owner.take()), ..before.clone() };
        }
    }
    let listed: Vec<Listed> = listed.into_values().collect();
    Lock::written(&listed, old.map_or(&[][..], |it| &it.burned))
}
