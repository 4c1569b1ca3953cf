//! Where a key stands: lines of env files, and secrets of stores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{RotationError, no};
use crate::project::{EnvFileError, Workspace, env_files, exchange_values, read_small, read_values};
use crate::secrets::{
    Catalogue, Format, Secret, SecretRef, discreet, env_lines, env_value, fingerprint, is_env_template, scan,
    without_keys,
};
use crate::stores::{StoreError, Stores};

/// A place that holds a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A line of an env file: the file, from the root, and the variable.
    Line(PathBuf, String),
    /// A secret of a store.
    Store(String),
}

impl Place {
    /// For people.
    pub fn shown(&self) -> String {
        match self {
            Place::Line(file, variable) => format!("{variable} in {}", file.display()),
            Place::Store(reference) => discreet(reference),
        }
    }
}

/// A key that can be rotated.
pub(super) struct Target {
    /// The provider's id.
    pub provider: String,
    /// The variables that hold it: one, but two of an AWS access key.
    pub variables: Vec<String>,
    /// Its values, in the order of the variables.
    pub values: Vec<Secret>,
    /// All places, each of one of the values.
    pub places: Vec<(usize, Place)>,
    /// All variables whose value changes.
    pub names: Vec<String>,
    /// References that could not be read: they may lead to the same key.
    pub unread: Vec<String>,
}

/// The halves of an AWS access key stand in two variables.
const HALVES: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// The variables that change together with this one.
pub fn variables_of(name: &str) -> Vec<String> {
    match HALVES.iter().find_map(|half| name.strip_suffix(half)) {
        Some(prefix) => HALVES.map(|half| format!("{prefix}{half}")).to_vec(),
        None => vec![name.to_owned()],
    }
}

/// Finds the key that a variable of the workspace's env files holds, and every env line and secret that holds it too.
pub(super) fn target(workspace: &Workspace, stores: &Stores, name: &str) -> Result<Target, RotationError> {
    let variables = variables_of(name);
    let files: Vec<PathBuf> = env_files(workspace).into_iter().filter(|it| !is_env_template(it)).collect();
    let own = workspace.env_path(Path::new(""));
    let own = workspace.relative(&own);
    let holds = |file: &&PathBuf| {
        let values = read_values(&workspace.root().join(file)).unwrap_or_default();
        variables.iter().all(|it| values.iter().any(|(name, value)| name == it && !value.expose().is_empty()))
    };
    let shown = variables.join(" and ");
    let main =
        files.iter().find(|it| **it == own).filter(holds).or_else(|| files.iter().find(holds)).ok_or_else(|| {
            no(format!(
                "no env file of {} has {shown}: run it in the workspace whose .env names the key",
                workspace.root().display()
            ))
        })?;
    let held = read_values(&workspace.root().join(main))?;
    let mut values = Vec::new();
    let mut places = Vec::new();
    for (at, variable) in variables.iter().enumerate() {
        let value = held.iter().find(|(it, _)| it == variable).map(|(_, value)| value.clone());
        let value = value.ok_or_else(|| no(format!("{}: there is no {variable}", main.display())))?;
        match SecretRef::parse(value.expose()) {
            Some(reference) => {
                values.push(stores.get(&reference)?);
                places.push((at, Place::Store(reference.to_string())));
            }
            None => {
                values.push(value);
                places.push((at, Place::Line(main.clone(), variable.clone())));
            }
        }
        if fingerprint(values[at].expose()).is_none() {
            return Err(no(format!("{}: the value of {variable} is too short to be a key", main.display())));
        }
    }
    let mut names = variables.clone();
    let mut references: Vec<(String, SecretRef)> = Vec::new();
    for file in &files {
        let path = workspace.root().join(file);
        let bytes = read_small(&path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for line in env_lines(&text) {
            let (variable, value) = (text[line.name.range()].to_owned(), env_value(&text, &line));
            let Some(at) = values.iter().position(|it| it.expose() == value) else {
                references.extend(SecretRef::parse(&value).map(|it| (variable, it)));
                continue;
            };
            names.push(variable.clone());
            let place = (at, Place::Line(file.clone(), variable));
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    check_lines(workspace, &places, &values)?;
    let unread = same_elsewhere(stores, &references, &values, &mut places, &mut names);
    names.sort();
    names.dedup();
    let provider = provider_of(workspace, &variables, &values).ok_or_else(|| {
        no(format!("nobody knows whose key {shown} holds: name the variable in `[[provider]]` of aikeys.toml"))
    })?;
    Ok(Target { provider, variables, values, places, names, unread })
}

/// A value that is put together, or that another line of the same name contradicts, cannot be changed in its line.
fn check_lines(workspace: &Workspace, places: &[(usize, Place)], values: &[Secret]) -> Result<(), RotationError> {
    for (at, place) in places {
        let Place::Line(file, variable) = place else { continue };
        let value = &values[*at];
        exchange_values(workspace.root(), &workspace.root().join(file), &[(variable, value, value)]).map_err(
            |error| match error {
                EnvFileError::NotReadBack { .. } => no(format!(
                    "{}: {variable} is put together of others, or stands there twice with different values: write its \
                     value into one line first",
                    file.display()
                )),
                error => error.into(),
            },
        )?;
    }
    Ok(())
}

/// Other references to the same key are places of it as well. Says which cannot be read.
fn same_elsewhere(
    stores: &Stores,
    references: &[(String, SecretRef)],
    values: &[Secret],
    places: &mut Vec<(usize, Place)>,
    names: &mut Vec<String>,
) -> Vec<String> {
    let wanted: Vec<SecretRef> = references.iter().map(|(_, it)| it.clone()).collect();
    let mut unread = Vec::new();
    for ((variable, reference), found) in references.iter().zip(stores.get_all(&wanted)) {
        match found {
            Ok(value) => {
                let Some(at) = values.iter().position(|it| *it == value) else { continue };
                names.push(variable.clone());
                let place = (at, Place::Store(reference.to_string()));
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            Err(StoreError::Missing { .. } | StoreError::Gone { .. }) => {}
            Err(_) => unread.push(without_keys(&reference.to_string()).into_owned()),
        }
    }
    unread
}

/// As the built-in catalogue has it, else as the workspace says.
fn provider_of(workspace: &Workspace, variables: &[String], values: &[Secret]) -> Option<String> {
    let listed = || {
        let lock = workspace.lock()?;
        Some(lock.listed.iter().find(|it| variables.contains(&it.variable))?.provider.clone())
    };
    let catalogue: &Catalogue = workspace.catalogue();
    let by_name = || variables.iter().find_map(|it| Some(catalogue.provider_of_env(it)?.id.clone()));
    sure_provider(variables, values).or_else(listed).or_else(by_name)
}

/// By the key's shape or the variable, as the built-in catalogue has them: no file of a workspace says whom a key is sent to.
pub fn sure_provider(variables: &[String], values: &[Secret]) -> Option<String> {
    let catalogue = Catalogue::built_in();
    let by_shape = || {
        let tokens = scan(catalogue, values.first()?.expose().as_bytes());
        let mut known = tokens.into_iter().map(|it| catalogue.shape(it.shape));
        known.find(|(_, shape)| shape.format == Format::Distinctive).map(|(provider, _)| provider.id.clone())
    };
    by_shape().or_else(|| variables.iter().find_map(|it| Some(catalogue.provider_of_env(it)?.id.clone())))
}

/// The values that stand at the places by now, in their order.
pub(super) fn values_at(
    workspace: &Workspace,
    stores: &Stores,
    places: &[(usize, Place)],
) -> Result<Vec<Option<Secret>>, RotationError> {
    let mut found = Vec::new();
    for (_, place) in places {
        found.push(match place {
            Place::Line(file, variable) => {
                let values = read_values(&workspace.root().join(file))?;
                values.into_iter().find(|(it, _)| it == variable).map(|(_, value)| value)
            }
            Place::Store(reference) => match stores.get(&parsed(reference)?) {
                Ok(value) => Some(value),
                Err(StoreError::Missing { .. } | StoreError::Gone { .. }) => None,
                Err(error) => return Err(error.into()),
            },
        });
    }
    Ok(found)
}

/// Puts `new` in the place of `old` everywhere. What has it already is left alone; where a third value stands, that is a
/// conflict, and what was written stays written.
pub(super) fn exchange(
    workspace: &Workspace,
    stores: &Stores,
    places: &[(usize, Place)],
    old: &[Secret],
    new: &[Secret],
) -> Result<(), RotationError> {
    let mut lines: BTreeMap<&Path, Vec<(&str, &Secret, &Secret)>> = BTreeMap::new();
    for (at, place) in places {
        match place {
            Place::Store(reference) => match stores.exchange(&parsed(reference)?, &old[*at], &new[*at]) {
                Err(error @ (StoreError::Conflict { .. } | StoreError::Missing { .. } | StoreError::Gone { .. })) => {
                    return Err(RotationError::Conflict(error.to_string()));
                }
                done => done?,
            },
            Place::Line(file, variable) => lines.entry(file).or_default().push((variable, &old[*at], &new[*at])),
        }
    }
    for (file, all) in lines {
        match exchange_values(workspace.root(), &workspace.root().join(file), &all) {
            Err(error @ EnvFileError::NotReadBack { .. }) => return Err(RotationError::Conflict(error.to_string())),
            done => done?,
        }
    }
    Ok(())
}

fn parsed(reference: &str) -> Result<SecretRef, RotationError> {
    SecretRef::parse(reference).ok_or_else(|| no(format!("{} is no reference", discreet(reference))))
}
