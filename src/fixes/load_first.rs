//! Moves the call that loads an env file up to where its variables are read.

use super::loading::{depends_on, line_start};
use super::{Repairs, Safety, Surroundings};
use crate::syntax::{Document, Fact};
use crate::text::{Edit, Span, whole_words};

/// Something loads the env file before the program begins.
pub fn loads_itself(doc: &Document, around: &Surroundings) -> bool {
    let loaders = doc.language().map_or(&[][..], |it| &it.loaders);
    loaders.iter().any(|it| it.at == "itself" && depends_on(&around.manifests, &it.package))
}

/// Moves the load before the statement that begins at `before`, where both lines are whole statements.
pub fn load_first(doc: &Document, load: Span, before: u32) -> Repairs {
    let text = doc.text();
    let start = line_start(text, load.start as usize);
    let end = text[load.end as usize..].find('\n').map_or(text.len(), |it| load.end as usize + it + 1);
    let line = &text[start..end];
    let at = line_start(text, before as usize);
    let lead = text[at..before as usize].trim();
    let declares = doc.language().map_or(&[][..], |it| &it.sinks.binds);
    let begins = lead.is_empty() || declares.iter().any(|it| it == lead);
    let whole = text[start..load.start as usize].trim().is_empty() && is_end(&text[load.end as usize..end]);
    if !begins || !whole || !line.ends_with('\n') || !is_plain(doc.slice(load)) || !is_known(doc, load, at) {
        return Repairs::default();
    }
    let between = Span::new(at, start);
    let sets = |fact: &Fact| matches!(fact, Fact::EnvWrite { .. } | Fact::EnvRemove { .. });
    if doc.facts().within(between).any(sets) {
        return Repairs::default();
    }
    let edits = [Edit::insert(at, line), Edit::replace(Span::new(start, end), "")];
    Repairs::of_edits(doc.path(), edits, "Load the env file first".to_owned(), Safety::Safe)
}

/// Nothing stands behind the call but the end of its statement.
fn is_end(rest: &str) -> bool {
    let rest = rest.trim().trim_end_matches(';').trim_end_matches('?');
    rest.is_empty() || rest.strip_prefix('.').and_then(|it| it.strip_suffix("()")).is_some_and(is_name)
}

fn is_name(text: &str) -> bool {
    text.chars().all(is_part)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The call takes nothing, so nothing has to stand before it.
fn is_plain(call: &str) -> bool {
    call.strip_suffix("()").is_some_and(|it| !it.contains('\n')) || !call.contains('(')
}

/// What the call needs is known at `at` already: nothing between that and the call names it.
fn is_known(doc: &Document, load: Span, at: usize) -> bool {
    let Some(language) = doc.language() else { return false };
    let (loaders, imports) = (&language.loaders, &language.import_words);
    let own = doc.facts().imports().any(|fact| match *fact {
        Fact::Import { span, name, .. } => {
            let module = doc.slice(name).split(['.', ':', '/']).next().unwrap_or("");
            let own = loaders.iter().any(|it| it.module == module || it.package == module);
            own && span.end as usize > at && span.start < load.start
        }
        _ => false,
    });
    let between = Span::new(at, load.start as usize);
    let call = doc.slice(load);
    let word = &call[..call.find(|c| !is_part(c)).unwrap_or(call.len())];
    // `require("dotenv").config()` needs no name.
    let named = !imports.iter().any(|it| it == word) && doc.places_of(word, Some(between)).next().is_some();
    // `from common import *` may name anything.
    let is_import = |line: &str| imports.iter().any(|it| whole_words(line, it, is_part).next().is_some());
    let all = doc.slice(between).lines().any(|line| line.contains('*') && is_import(line));
    !own && !named && !all
}
