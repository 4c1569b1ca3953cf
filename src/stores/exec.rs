//! Any other store, through a program that the user's own settings name.
//!
//! A workspace cannot name one. What it can choose, in a reference, is the secret's name: that is an argument and nothing
//! else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::time::timeout;

use super::program::{Ended, Failed, MOST, run};
use super::{Around, Asked, Held, KINDS, Kind, LIMIT, Over, PATIENCE, SecretStore, StoreError, Version, VersionState};
use crate::fixes::Destination;
use crate::project::{ExecSettings, user_file};
use crate::secrets::{Secret, SecretRef};

pub(super) const KIND: Kind = Kind {
    id: "exec",
    backend: "exec",
    setup: "name its program in your own settings: `[stores.exec.NAME]` with `put`, `get` and `exists`",
    places,
    open: |around| Ok(Arc::new(Exec { stores: around.settings.exec.clone() })),
};

/// What stands for the secret's name in arguments, and for the workspace's in `prefix`.
const NAME: &str = "{name}";
const WORKSPACE: &str = "{workspace}";
/// What runs the argument behind it as a script, besides `-c` and `-euc`.
const SCRIPTS: [&str; 5] = ["/c", "-command", "--command", "-e", "--run"];

/// A store that keys can move to needs all three: without `exists` nobody can tell an empty place from a locked one.
fn places(around: &Around<'_>, _: Asked) -> Vec<Destination> {
    let taken = |id: &str| id == Destination::env().store || KINDS.iter().any(|kind| kind.id == id);
    let whole = |(id, store): &(&String, &ExecSettings)| {
        let complete = [&store.put, &store.get, &store.exists].iter().all(|it| !it.is_empty());
        complete && !taken(id) && !id.contains('/') && !id.is_empty()
    };
    let destination = |(id, store): (&String, &ExecSettings)| {
        let prefix = store.prefix.as_deref().unwrap_or("{workspace}/").replace(WORKSPACE, around.workspace);
        Destination {
            store: id.clone(),
            label: format!("{id} as {prefix}{NAME}"),
            reference: Some(SecretRef::new("exec", format!("{id}/{prefix}{NAME}"), None).to_string()),
        }
    };
    around.settings.exec.iter().filter(whole).map(destination).collect()
}

/// All programs of the user: a reference names its own.
struct Exec {
    stores: BTreeMap<String, ExecSettings>,
}

/// One secret of one of them.
struct Place<'s> {
    store: &'s ExecSettings,
    id: &'s str,
    name: &'s str,
    reference: &'s SecretRef,
    until: Instant,
}

#[async_trait(?Send)]
impl SecretStore for Exec {
    fn name(&self) -> String {
        "the store's program".to_owned()
    }

    fn login(&self) -> String {
        "by the program's own command".to_owned()
    }

    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError> {
        let place = self.place(at)?;
        let got = place.start("get", &place.store.get, None).await?;
        let printed = !got.value().is_some_and(|it| it.expose().is_empty());
        if got.code == Some(0) && printed {
            let secret = got.value().ok_or_else(|| place.failed("printed what is no text (UTF-8)"))?;
            return Ok(Held { secret, version: None, lease: None });
        }
        // Most programs end alike for a secret that is not there and for a store that is locked.
        if place.store.exists.is_empty() || place.is_there().await? {
            return Err(place.failed(&match got.code {
                Some(0) => "printed nothing".to_owned(),
                _ => got.reason(None),
            }));
        }
        Err(StoreError::Missing { place: at.to_string(), advice: String::new() })
    }

    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        let place = self.place(at)?;
        if place.store.put.is_empty() {
            return Err(place.failed("cannot store keys: its settings have no `put`"));
        }
        if over == Over::Nothing && place.is_there().await? {
            return Err(StoreError::Conflict { place: at.to_string() });
        }
        let put = place.start("put", &place.store.put, Some(secret)).await?;
        match put.code {
            Some(0) => Ok(()),
            // `pass` stores, and then fails to commit: what can be read back counts.
            _ => Err(StoreError::Unanswered(place.text(&put.reason(Some(secret))))),
        }
    }

    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        let place = self.place(at)?;
        if !place.store.exists.is_empty() {
            return place.is_there().await;
        }
        self.get(at).await.map(|_| true)
    }

    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        self.get(at).await?;
        Ok(vec![Version { id: "1".to_owned(), created: None, state: VersionState::Live, labels: Vec::new() }])
    }

    async fn disable(&self, at: &SecretRef, _: &str) -> Result<(), StoreError> {
        Err(self.place(at)?.failed("keeps its secrets: take this one out with that program itself"))
    }

    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        Err(StoreError::Unavailable(format!("{at}: use that store's own program to list its secrets")))
    }
}

impl Exec {
    fn place<'s>(&'s self, at: &'s SecretRef) -> Result<Place<'s>, StoreError> {
        let wrong = |what: String| StoreError::Unavailable(format!("{at}: {what}"));
        let form = || wrong("write `ref+exec://STORE/NAME`".to_owned());
        let (id, name) = at.path.split_once('/').ok_or_else(form)?;
        let Some((id, store)) = self.stores.get_key_value(id) else {
            let file = user_file().map_or("your own settings".to_owned(), |it| it.display().to_string());
            return Err(wrong(format!(
                "you have no store {id:?}: only you can name its program, under `[stores.exec.{id}]` in {file}"
            )));
        };
        if name.is_empty() || at.field.is_some() || !at.params.is_empty() {
            return Err(form());
        }
        if name.starts_with('-') || name.chars().any(char::is_control) {
            return Err(wrong("a program could take this name for an option".to_owned()));
        }
        Ok(Place { store, id, name, reference: at, until: Instant::now() + LIMIT })
    }
}

impl Place<'_> {
    /// Whether the secret is there: 0 says yes, 1 says no, and anything else says nothing.
    async fn is_there(&self) -> Result<bool, StoreError> {
        if self.store.exists.is_empty() {
            return Err(self.failed("cannot store keys: its settings have no `exists`"));
        }
        let ended = self.start("exists", &self.store.exists, None).await?;
        match ended.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(self.failed(&ended.reason(None))),
        }
    }

    /// Runs one of the store's programs, for as long as there is time.
    async fn start(&self, what: &str, argv: &[String], input: Option<&Secret>) -> Result<Ended, StoreError> {
        let Some(program) = argv.first() else {
            return Err(self.failed(&format!("its settings have no `{what}`")));
        };
        let scripts = argv.windows(2).any(|pair| runs_script(&pair[0]) && pair[1].contains(NAME));
        if scripts || program.contains(NAME) {
            let advice =
                "a name must not be a part of a script: make `{name}` an argument of its own, and read it as \"$1\"";
            return Err(self.failed(&format!("`{what}`: {advice}")));
        }
        let argv: Vec<String> = argv.iter().map(|it| it.replace(NAME, self.name)).collect();
        let left = self.until.saturating_duration_since(Instant::now());
        match timeout(left, run(&argv, input)).await {
            Ok(Ok(ended)) => Ok(ended),
            Ok(Err(Failed::NotStarted(error))) => {
                Err(self.failed(&format!("`{program}` cannot be started ({error}): install it, or name its path")))
            }
            Ok(Err(Failed::TooMuch)) => {
                Err(self.failed(&format!("`{program}` printed more than {} KB, which is no key", MOST >> 10)))
            }
            Ok(Err(Failed::System(error))) => Err(self.failed(&format!("`{program}`: {error}"))),
            Err(_) => Err(StoreError::Unanswered(self.text(&format!(
                "`{program}` did not end within {} seconds and was stopped: perhaps it waits for you to log in or to \
                 unlock it, which takes a terminal",
                PATIENCE.as_secs()
            )))),
        }
    }

    fn failed(&self, what: &str) -> StoreError {
        StoreError::Unavailable(self.text(what))
    }

    fn text(&self, what: &str) -> String {
        format!("{}: {} {what}", self.reference, self.id)
    }
}

/// What stands behind this argument is run by a shell or another language.
fn runs_script(argument: &str) -> bool {
    let letters = argument.strip_prefix('-').filter(|it| it.bytes().all(|byte| byte.is_ascii_alphabetic()));
    letters.is_some_and(|it| it.ends_with('c')) || SCRIPTS.contains(&argument.to_ascii_lowercase().as_str())
}
