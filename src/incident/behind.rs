//! Which references lead to values: the stores are asked.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use crate::project::{documents_with, references_in_use, references_of};
use crate::secrets::{SecretRef, env_line_at, is_env_file, slashed};
use crate::stores::{StoreError, Stores, store_id};

/// A reference, and what lies behind it.
#[derive(Debug)]
pub struct Asked {
    /// The reference.
    pub reference: SecretRef,
    /// The store's id.
    pub store: String,
    /// The variables that env files give it to.
    pub names: BTreeSet<String>,
    /// Where it stands: `path:line`.
    pub places: Vec<String>,
    /// What its store said.
    pub answer: Answer,
}

/// What a store said.
#[derive(Debug)]
pub enum Answer {
    /// It holds these of the values; none of them, where it holds another one.
    Holds(BTreeSet<usize>),
    /// There is nothing.
    Nothing,
    /// Why nobody knows.
    Silent(String),
}

/// Asks about every reference that the workspace uses, and about what the encrypted store holds besides.
pub(super) fn behind(case: &Case) -> Vec<Asked> {
    if case.is_bare() {
        return Vec::new();
    }
    let stores = Stores::of(&case.workspace);
    let mut all = references_in_use(&case.workspace);
    all.extend(stores.known());
    let all: Vec<SecretRef> = all.into_iter().collect();
    let answers: Vec<Result<_, StoreError>> = match case.offline {
        true => {
            let unasked = || StoreError::Unavailable("its store was not asked (`--offline`)".to_owned());
            all.iter().map(|at| stores.at_hand(at).ok_or_else(unasked)).collect()
        }
        false => stores.get_all(&all),
    };
    // What was made to be read here ends at once.
    for lease in stores.leases() {
        let _ = stores.revoke(&lease);
    }
    let mut standing = standing(case);
    let asked = all.into_iter().zip(answers).map(|(reference, answer)| {
        let (names, places) = standing.remove(&reference).unwrap_or_default();
        let answer = match answer {
            Ok(secret) => {
                let found = case.forms.find(secret.expose().as_bytes());
                Answer::Holds(found.into_iter().map(|it| it.value).collect())
            }
            Err(StoreError::Missing { .. } | StoreError::Gone { .. }) => Answer::Nothing,
            Err(error) => Answer::Silent(error.to_string()),
        };
        Asked { store: store_id(&reference.backend).to_owned(), reference, names, places, answer }
    });
    asked.collect()
}

/// The variables and the places of each reference.
type Standing = BTreeMap<SecretRef, (BTreeSet<String>, Vec<String>)>;

fn standing(case: &Case) -> Standing {
    let mut found = Standing::new();
    for doc in documents_with(&case.workspace, &["ref+"], &BTreeMap::new()) {
        for (span, at) in references_of(&doc) {
            let (names, places) = found.entry(at).or_default();
            let line = doc.lines().line_of(span.start) as usize + 1;
            places.push(case.forms.hidden(&format!("{}:{line}", slashed(doc.path()))));
            if is_env_file(doc.path()) {
                names.extend(env_line_at(doc.text(), span).map(|it| doc.slice(it.name).to_owned()));
            }
        }
    }
    found
}
