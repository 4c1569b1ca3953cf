//! Carrying out moves: first the store, then the source, so that the key is always in one of them.

pub mod audit;
mod carry_out;
mod plan;
mod sealed;
mod undo;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use carry_out::{Outcome, carry_out, carry_out_beside};
pub use plan::{Keep, Plan, PlannedFile, PlannedMove, Reach, Refused, plan, plan_file, plan_key};
pub(crate) use sealed::{opened, sealed};
pub(crate) use undo::record;
pub use undo::{LastMove, UndoError, forget, last_move, undo};

use crate::fixes::{Checked, Deposit, Destination, Fix, Surroundings, ignore_lines, is_covered, key_at};
use crate::project::{
    self, EnvFileError, FileError, FolderLock, Packages, Workspace, append, copies, env_example_line, read_small,
    variable_edit, write_variable,
};
use crate::rules;
use crate::secrets::{Fingerprint, Secret, SecretRef, fingerprint};
use crate::stores::{StoreError, Stores};
use crate::syntax::Document;
use crate::text::Edit;

/// Why a move stopped. What was stored stays stored; the source was not touched.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The store.
    #[error("{name}: {error}")]
    Store {
        /// The variable.
        name: String,
        /// What the store says.
        error: StoreError,
    },
    /// The store holds another value where this key would go.
    #[error("{name}: {place} holds another value: give the key another name with `--name`")]
    Taken {
        /// The variable.
        name: String,
        /// The reference.
        place: String,
    },
    /// The env file.
    #[error(transparent)]
    Env(#[from] EnvFileError),
    /// Another file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Somebody took the key out of its store again.
    #[error("{path}: {name} does not hold the key any more: another program changed it meanwhile, try again")]
    Gone {
        /// The env file.
        path: String,
        /// The variable.
        name: String,
    },
    /// Another file of the same move could not be changed.
    #[error("left as it was, like {with}, which changes together with it")]
    Together {
        /// The other file.
        with: String,
    },
    /// `.gitignore` does not do what it must.
    #[error("{path}: git would still take this file, whatever .gitignore says: look for a rule with `!` and mend it")]
    NotIgnored {
        /// The env file.
        path: String,
    },
}

/// A secret that lies in its store now.
#[derive(Debug)]
pub struct Deposited {
    /// The variable.
    pub name: String,
    /// The store's id.
    pub store: String,
    /// The env file, from the root.
    pub env: PathBuf,
    /// The line that an editor still has to write to the env file, together with the source.
    pub env_edit: Option<Edit>,
    fingerprint: Option<Fingerprint>,
    secret: Secret,
}

impl Deposited {
    /// The key.
    pub fn key(&self) -> &Secret {
        &self.secret
    }
}

/// What is to be said of the copies that editors and tools keep, where one still holds a key that was moved.
pub fn copies_left<'k>(workspace: &Workspace, keys: impl Iterator<Item = &'k Secret>) -> Option<String> {
    let keys: Vec<&str> = keys.map(Secret::expose).collect();
    let found = copies(workspace, &keys);
    let named = found.iter().take(NAMED).map(|it| format!("{} ({})", it.path.display(), it.kind));
    let more = found.len().checked_sub(NAMED + 1).map(|more| format!("{} more", more + 1));
    let all = named.chain(more).collect::<Vec<_>>().join(", ");
    let they = match found.len() {
        1 => "a copy still holds".to_owned(),
        n => format!("{n} copies still hold"),
    };
    (!found.is_empty()).then(|| format!("{they} the key: {all}; `aikeys-lsp clean` deletes them"))
}

/// How many copies are named.
const NAMED: usize = 5;

/// What a check needs to know around a path from the root: for an env file also where its keys could go, and what stores
/// `answered`. No server is asked.
pub fn around(
    workspace: &Workspace,
    relative: &Path,
    answered: &dyn Fn() -> BTreeMap<String, Checked>,
) -> Surroundings {
    let mut around = Surroundings { beside: workspace.beside(relative), ..workspace.surroundings(relative) };
    if rules::is_env_file(relative) {
        around.destinations = Stores::of(workspace).destinations();
        around.checked = answered();
    }
    around
}

/// The surroundings of a document for fixes to these destinations. What `packages` holds is not read again, and no server
/// is asked.
pub fn surroundings(
    workspace: &Workspace,
    stores: &Stores,
    doc: &Document,
    to: Vec<Destination>,
    packages: &Packages,
) -> Surroundings {
    let around = workspace.surroundings_for_fix(doc, to, &|reference| stores.at_hand(reference), packages);
    Surroundings { beside: workspace.beside(doc.path()), ..around }
}

/// The first half of a move: `.gitignore`, the store, `.env`, `.env.example`; each read back. The source is untouched.
///
/// `None` when the fix deposits nothing. `env` is the text of the env file where an editor has it open with unsaved
/// changes: its line is left to the editor. Writing to the disk beneath would lose either that line or the changes.
pub fn deposit(
    workspace: &Workspace,
    stores: &Stores,
    doc: &Document,
    fix: &Fix,
    env: Option<&str>,
) -> Result<Option<Deposited>, MoveError> {
    let Some(deposit) = &fix.deposit else { return Ok(None) };
    let secret = key_at(doc, deposit.secret);
    let template = Template::of(workspace, doc);
    let path = if deposit.in_place { doc.path().to_owned() } else { workspace.env_path(doc.path()) };
    store(workspace, stores, &path, deposit, &secret, env, template).map(Some)
}

/// The first half of a plan's moves: every key is stored and read back. The sources are untouched.
///
/// `open` are env files that an editor has open with unsaved changes: their lines are left to it.
pub fn deposit_all(
    workspace: &Workspace,
    stores: &Stores,
    plan: &Plan,
    open: &BTreeMap<PathBuf, Arc<Document>>,
) -> Result<Vec<Deposited>, MoveError> {
    let mut all: Vec<Deposited> = Vec::new();
    for (env, deposit, secret) in plan.moves.iter().filter_map(|it| it.deposit.as_ref()) {
        if all.iter().any(|it| it.env == *env && it.name == deposit.name) {
            continue;
        }
        let template = Template::in_plan(plan, env);
        all.push(store(workspace, stores, env, deposit, secret, open.get(env).map(|doc| doc.text()), template)?);
    }
    Ok(all)
}

/// The second half's end: notes in the audit log that the source no longer holds the key.
pub fn finished(workspace: &Workspace, deposited: &Deposited) {
    let line = audit::Line::now(audit::Happened::Moved, workspace.name(), &deposited.name, &deposited.store);
    audit::note(&[audit::Line { fingerprint: deposited.fingerprint.as_ref().map(|it| it.hex.clone()), ..line }]);
}

/// Whether `.env.example` gets the variable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Template {
    /// It does.
    Filled,
    /// It changes in the same move, by edits that were made for its text.
    Left,
}

impl Template {
    /// The plan changes the template beside this env file, or not.
    fn in_plan(plan: &Plan, env: &Path) -> Template {
        let example = env.with_file_name(".env.example");
        if plan.files.iter().any(|file| file.path == example) { Template::Left } else { Template::Filled }
    }

    fn of(workspace: &Workspace, doc: &Document) -> Template {
        let template = workspace.env_path(doc.path()).with_file_name(".env.example");
        if doc.path() == template { Template::Left } else { Template::Filled }
    }
}

fn store(
    workspace: &Workspace,
    stores: &Stores,
    env: &Path,
    deposit: &Deposit,
    secret: &Secret,
    open_env: Option<&str>,
    template: Template,
) -> Result<Deposited, MoveError> {
    let root = workspace.root();
    let _lock = FolderLock::take(root)?;
    let full = root.join(env);
    let mut deposited = Deposited {
        name: deposit.name.clone(),
        store: deposit.store.clone(),
        env: env.to_owned(),
        env_edit: None,
        fingerprint: fingerprint(secret.expose()),
        secret: secret.clone(),
    };
    if !deposit.in_place && open_env.is_none() && holds(stores, &full, &deposit.name, secret).unwrap_or(false) {
        return Ok(deposited);
    }
    cover(workspace, env)?;
    let value = match &deposit.reference {
        Some(reference) => {
            let put = stores.put(reference, secret);
            stores.remember([(reference, put.as_ref().map(|()| true))]);
            put.map_err(of(&deposit.name))?;
            Secret::new(reference.to_string())
        }
        None => secret.clone(),
    };
    match open_env {
        // The line is edited where the secret is taken out.
        _ if deposit.in_place => {}
        Some(text) => deposited.env_edit = variable_edit(text, &full, &deposit.name, &value)?,
        None => write_variable(root, &full, &deposit.name, &value)?,
    }
    let reference = deposit.reference.as_ref().map(ToString::to_string);
    if template == Template::Filled {
        // A template that cannot be written loses nothing.
        let _ = env_example_line(root, &full.with_file_name(".env.example"), &deposit.name, reference.as_deref());
    }
    Ok(deposited)
}

/// The secret can be read without the place that it is taken from.
fn is_kept(stores: &Stores, env: &Path, deposit: &Deposit, secret: &Secret) -> Result<bool, MoveError> {
    match deposit.reference.as_ref().filter(|_| deposit.in_place) {
        Some(reference) => gives(stores, reference, &deposit.name, secret),
        None => holds(stores, env, &deposit.name, secret),
    }
}

/// The env file, its references resolved, gives a program this value under this name: the key's place in the source can go.
fn holds(stores: &Stores, env: &Path, name: &str, secret: &Secret) -> Result<bool, MoveError> {
    let values = project::read_values(env).unwrap_or_default();
    let Some((_, value)) = values.into_iter().find(|(it, _)| it == name) else { return Ok(false) };
    match SecretRef::parse(value.expose()) {
        Some(reference) => gives(stores, &reference, name, secret),
        None => Ok(value == *secret),
    }
}

/// The store gives this secret for the reference.
fn gives(stores: &Stores, reference: &SecretRef, name: &str, secret: &Secret) -> Result<bool, MoveError> {
    match stores.get(reference) {
        Ok(held) => Ok(held == *secret),
        Err(StoreError::Missing { .. } | StoreError::Gone { .. }) => Ok(false),
        Err(error) => Err(of(name)(error)),
    }
}

/// Says of which variable a store speaks.
fn of(name: &str) -> impl Fn(StoreError) -> MoveError + '_ {
    |error| match error {
        StoreError::Taken { place } => MoveError::Taken { name: name.to_owned(), place },
        error => MoveError::Store { name: name.to_owned(), error },
    }
}

/// Makes `.gitignore` cover the env file before anything is written to it.
fn cover(workspace: &Workspace, env: &Path) -> Result<(), MoveError> {
    let ignored = |text: &str| match workspace.git_ignores(env) {
        Some(ignored) => ignored,
        None => is_covered(text, env),
    };
    let path = workspace.root().join(".gitignore");
    let text = |bytes: &Option<Vec<u8>>| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
    let old = read_small(&path)?;
    if ignored(&text(&old)) {
        return Ok(());
    }
    let (_, lines) = ignore_lines(&text(&old), env);
    append(workspace.root(), &path, old.is_none(), lines.as_bytes(), 0o644)?;
    if ignored(&text(&read_small(&path)?)) {
        return Ok(());
    }
    Err(MoveError::NotIgnored { path: env.display().to_string() })
}

/// The values of variables, references resolved, all at the same time.
pub fn resolve(stores: &Stores, values: Vec<(String, Secret)>) -> Result<Vec<(String, Secret)>, MoveError> {
    let references: Vec<SecretRef> = values.iter().filter_map(|(_, value)| SecretRef::parse(value.expose())).collect();
    if references.is_empty() {
        return Ok(values);
    }
    let mut found = stores.get_all(&references).into_iter();
    let resolved = values.into_iter().map(|(name, value)| match SecretRef::parse(value.expose()) {
        Some(_) => match found.next() {
            Some(Ok(secret)) => Ok((name, secret)),
            Some(Err(error)) => Err(of(&name)(error)),
            None => Ok((name, value)),
        },
        None => Ok((name, value)),
    });
    resolved.collect()
}
