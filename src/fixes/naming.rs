//! The name that a moved key gets.

use super::nearby::variable_before;
use super::pieces::key_at;
use super::refer::variable;
use super::slot::{Whose, slot_at, variable_around, whose};
use super::{EnvFile, Surroundings, settings};
use crate::secrets::{Identity, Provider, Token, env_line_at, identity, is_env_template, token_at};
use crate::syntax::Document;
use crate::text::Span;

/// A name for the key at `secret`, and what stands under it already.
pub(super) struct Naming {
    /// The variable.
    pub name: String,
    /// What the env file holds under this name.
    pub state: State,
}

/// What an env file says about a name and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The name is free.
    Free,
    /// The name holds this value already.
    Same {
        /// The value is a reference.
        is_reference: bool,
    },
    /// The name holds a reference, and nobody knows what lies behind it until its store is asked.
    Referred,
    /// The name holds another value.
    Taken,
}

/// The user's name; else the one that is read or written here; else a constant's own; else the one that this file's SDK
/// reads; else the provider's. A value that the env file holds already keeps its name there.
pub(super) fn name_for(doc: &Document, around: &Surroundings, secret: Span) -> Option<Naming> {
    let value = identity(key_at(doc, secret).expose());
    let wanted = wanted(doc, around, secret);
    let fixed = is_env_template(doc.path())
        || read_there(doc, secret).is_some()
        || variable_around(doc, doc.facts(), secret).is_some()
        || around.name.is_some()
        || settings::field(doc, around, secret).is_some();
    if !fixed
        && let Some(entry) = around.env.entries.iter().find(|entry| {
            entry.identity.as_ref() == Some(&value)
                && matches!(state(&around.env, &entry.name, &value), State::Same { .. })
        })
    {
        return Some(Naming {
            name: entry.name.clone(),
            state: State::Same { is_reference: entry.reference.is_some() },
        });
    }
    let name = wanted?;
    let state = state(&around.env, &name, &value);
    Some(Naming { name, state })
}

/// The first of `name_2`, `name_3` … that is free.
pub(super) fn other_name(around: &Surroundings, name: &str) -> String {
    let taken = |name: &str| around.env.entries.iter().any(|entry| entry.name == name);
    (2..).map(|n| format!("{name}_{n}")).find(|name| !taken(name)).unwrap_or_else(|| name.to_owned())
}

fn state(env: &EnvFile, name: &str, value: &Identity) -> State {
    let mut same = env.entries.iter().filter(|entry| entry.name == name).peekable();
    // Of several lines some loaders take the first one, others the last.
    let Some(first) = same.peek().copied() else { return State::Free };
    let is_reference = first.reference.is_some();
    if same.clone().all(|entry| entry.identity.as_ref() == Some(value)) {
        return State::Same { is_reference };
    }
    let unknown = is_reference && first.identity.is_none();
    if unknown && same.count() == 1 { State::Referred } else { State::Taken }
}

fn wanted(doc: &Document, around: &Surroundings, secret: Span) -> Option<String> {
    if let Some(name) = &around.name {
        return Some(name.clone());
    }
    if is_env_template(doc.path()) {
        return env_line_at(doc.text(), secret).map(|line| doc.slice(line.name).to_owned());
    }
    if let Some(name) = read_there(doc, secret) {
        return Some(name);
    }
    if let Some(name) = variable_around(doc, doc.facts(), secret) {
        return Some(name.to_owned());
    }
    if let Some(field) = settings::field(doc, around, secret) {
        return Some(field.variable);
    }
    let names = doc.facts().bindings_around(secret);
    let own = names.first().map(|(name, _)| doc.slice(*name)).filter(|name| names_itself(around, name));
    if let Some(name) = own {
        return Some(name.to_owned());
    }
    let slot = slot_at(doc, doc.facts(), around, secret);
    let token = token_at(&around.catalogue, doc.text().as_bytes(), secret).or_else(|| {
        let key = key_at(doc, secret);
        token_at(&around.catalogue, key.expose().as_bytes(), Span::new(0, key.expose().len()))
    });
    let Some(provider) = provider(around, token.as_ref()).or(slot.map(|slot| slot.provider)) else {
        let known = || match whose(doc, doc.facts(), around, secret)? {
            Whose::Known(provider) => Some(provider.env.clone()),
            Whose::Unknown => None,
        };
        return variable_before(doc, around, secret).or_else(known).or_else(|| after_the_class(doc, secret));
    };
    if let Some(name) = around.names.get(&provider.id) {
        return Some(name.clone());
    }
    // `aws_secret_access_key="…"`: one provider has several kinds of keys.
    let argument = names.first().map(|(name, _)| doc.slice(*name).to_ascii_uppercase());
    if let Some(name) = argument.filter(|name| provider.aliases.contains(name)) {
        return Some(name);
    }
    let client = slot.filter(|slot| slot.provider.id == provider.id).and_then(|slot| slot.client);
    let shape = token.map(|token| around.catalogue.shape(token.shape).1);
    let sdk = client.and_then(|client| client.env.as_ref());
    let name = sdk.or_else(|| shape.and_then(|shape| shape.env.first())).unwrap_or(&provider.env);
    Some(name.clone())
}

/// The only name that the program which reads this file takes.
fn read_there(doc: &Document, secret: Span) -> Option<String> {
    variable(doc, doc.reader_at(doc.facts(), secret)?, secret).ok().flatten()
}

/// `NEWCO_API_KEY` for `NewcoClient(api_key=…)`: the provider is not known, but the class is called after it.
fn after_the_class(doc: &Document, secret: Span) -> Option<String> {
    let (callee, _) = doc.facts().calls_around(secret).into_iter().next()?;
    let class = doc.slice(callee).rsplit(['.', ':']).next()?;
    let word = class.strip_prefix("Async").unwrap_or(class);
    let word = word.strip_suffix("Client").unwrap_or(word);
    let fits = word.len() > 2
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| format!("{}_API_KEY", word.to_ascii_uppercase()))
}

fn provider<'a>(around: &'a Surroundings, token: Option<&Token>) -> Option<&'a Provider> {
    token.map(|token| around.catalogue.shape(token.shape).0)
}

/// `OPENAI_API_KEY`, `PROD_OPENAI_KEY`: written like a variable and named like a secret.
fn names_itself(around: &Surroundings, name: &str) -> bool {
    let upper = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let telling = name.split('_').filter(|part| !part.is_empty()).count() >= 3
        || around.catalogue.provider_of_env(name).is_some();
    upper && telling && (around.catalogue.is_secret_name(name) || around.catalogue.provider_of_env(name).is_some())
}
