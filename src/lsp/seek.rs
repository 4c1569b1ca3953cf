//! Questions for places elsewhere: each starts on the main loop, looks through the workspace aside, and is answered there.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use tower_lsp::lsp_types::{
    CodeLens, CodeLensParams, GotoDefinitionParams, GotoDefinitionResponse, Location, MessageType,
    PrepareRenameResponse, ReferenceParams, RenameParams, TextDocumentPositionParams, Url, WorkspaceEdit,
};

use super::commands::aside;
use super::convert::{self, found};
use super::main_loop::{MainLoop, answer, failed};
use super::outbox::Letter;
use super::places::{Makers, Renamed, Thing, lines_of, places, places_in, renamed};
use super::server::{Event, Reply};
use crate::inventory;
use crate::project::Workspace;
use crate::secrets::{Identity, Secret, identity, without_keys};
use crate::stores::Stores;
use crate::text::{Span, counted};

/// So many places are named where a renamed variable may still stand.
const LEFT: usize = 5;

/// What is known of a key besides its own document.
pub(super) struct Known {
    /// Everywhere in the workspace.
    places: Vec<Location>,
    /// The day on which a commit brought it.
    committed: Option<String>,
}

/// What was found of some keys, for the document that asked.
pub(super) struct Counted {
    uri: Url,
    root: Option<PathBuf>,
    keys: Vec<(Identity, Known)>,
    /// What was known then, of everything around.
    generation: u64,
}

/// What is known of keys, by the root of their workspace.
pub(super) type Spread = HashMap<(Option<PathBuf>, Identity), Known>;

impl MainLoop {
    fn thing(&self, at: &TextDocumentPositionParams) -> Option<(String, Thing)> {
        let uri = at.text_document.uri.as_str();
        let open = self.session.document(uri)?;
        let offset = convert::offset(&open.doc, at.position, self.abilities.encoding);
        Some((uri.to_owned(), self.session.thing_at(uri, offset as u32)?))
    }

    /// The lines that give a variable its value.
    pub(super) fn define(&self, params: &GotoDefinitionParams, reply: Reply<Option<GotoDefinitionResponse>>) {
        let Some((uri, Thing::Variable(_, name))) = self.thing(&params.text_document_position_params) else {
            return answer(reply, Ok(None));
        };
        let (Some(scope), Some(open)) = (self.session.scope(&uri), self.session.document(&uri)) else {
            return answer(reply, Ok(None));
        };
        let (path, encoding) = (open.doc.path().to_owned(), self.abilities.encoding);
        aside("definition", move || {
            let found = found::locations(&lines_of(&scope, &path, &name), encoding);
            answer(reply, Ok((!found.is_empty()).then_some(GotoDefinitionResponse::Array(found))));
        });
    }

    /// Every place of what stands there.
    pub(super) fn refer(&self, params: &ReferenceParams, reply: Reply<Option<Vec<Location>>>) {
        let Some((uri, thing)) = self.thing(&params.text_document_position) else { return answer(reply, Ok(None)) };
        let Some(scope) = self.session.scope(&uri) else { return answer(reply, Ok(None)) };
        let encoding = self.abilities.encoding;
        let makers = if params.context.include_declaration { Makers::Counted } else { Makers::LeftOut };
        aside("references", move || {
            answer(reply, Ok(Some(found::locations(&places(&scope, &thing, makers), encoding))));
        });
    }

    /// What would be renamed.
    pub(super) fn prepare_rename(&self, params: &TextDocumentPositionParams) -> Option<PrepareRenameResponse> {
        let (uri, Thing::Variable(span, name)) = self.thing(params)? else { return None };
        let open = self.session.document(&uri)?;
        let range = convert::range(&open.doc, span, self.abilities.encoding);
        Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder: name })
    }

    /// Another name for a variable, everywhere.
    pub(super) fn rename(&self, params: RenameParams, reply: Reply<Option<WorkspaceEdit>>) {
        let Some((uri, Thing::Variable(_, name))) = self.thing(&params.text_document_position) else {
            return answer(reply, Err(failed("there is no variable of the environment".to_owned())));
        };
        let Some(scope) = self.session.scope(&uri) else { return answer(reply, Ok(None)) };
        let (abilities, letters) = (self.abilities.clone(), self.letters.clone());
        let workspace = self.session.document(&uri).and_then(|it| it.workspace.clone());
        aside("rename", move || {
            let Renamed { files, left } = match renamed(&scope, &name, &params.new_name) {
                Ok(renamed) => renamed,
                Err(reason) => return answer(reply, Err(failed(reason))),
            };
            let say = |text: String| {
                // Without an outbox the process is about to end.
                let _ = letters.send(Letter::Show(MessageType::WARNING, without_keys(&text).into_owned()));
            };
            if !left.is_empty() {
                let more = if left.len() > LEFT { ", …" } else { "" };
                let places = left.iter().take(LEFT).cloned().collect::<Vec<_>>().join(", ");
                say(format!("aikeys: {name} still stands in {places}{more}: look whether the variable is meant there"));
            }
            let provider = workspace.as_ref().and_then(|it| it.catalogue().provider_of_env(&name));
            if let Some(provider) = provider.filter(|it| it.env == name) {
                say(format!(
                    "aikeys: clients of {} read {name} by themselves: where none is given a key, give it {} now",
                    provider.name, params.new_name
                ));
            }
            answer(reply, Ok(convert::workspace_edit(&files, &abilities)));
        });
    }

    /// The lines above keys. What is not known of them is looked for first.
    pub(super) fn lenses(&self, params: &CodeLensParams, reply: Reply<Option<Vec<CodeLens>>>) {
        let uri = params.text_document.uri.clone();
        let keys = self.session.keys_in(uri.as_str());
        let root = self.root_of(&uri);
        let is_unknown =
            |(_, key): &&(Span, Secret)| !self.spread.contains_key(&(root.clone(), identity(key.expose())));
        let mut seen = HashSet::new();
        let unknown = keys.iter().filter(is_unknown).filter(|(_, key)| seen.insert(identity(key.expose())));
        let unknown: Vec<Secret> = unknown.map(|(_, key)| key.clone()).collect();
        let scope = self.session.scope(uri.as_str()).filter(|_| !unknown.is_empty());
        let Some(scope) = scope else { return answer(reply, Ok(Some(self.lenses_of(&uri)))) };
        let workspace = self.session.document(uri.as_str()).and_then(|it| it.workspace.clone());
        let (events, encoding, generation) = (self.events.clone(), self.abilities.encoding, self.everything.generation);
        aside("lenses", move || {
            let values: Vec<&str> = unknown.iter().map(Secret::expose).collect();
            let files = scope.texts_with(&values);
            let committed = workspace.map(|it| inventory::committed(&it, &values)).unwrap_or_default();
            let known = unknown.iter().map(|key| {
                let id = identity(key.expose());
                let since = committed.iter().find(|it| it.key == id).and_then(|it| it.committed.clone());
                let thing = Thing::Key(Span::new(0, 0), key.clone());
                let places = places_in(&scope, &files, &thing, Makers::Counted);
                (id, Known { places: found::locations(&places, encoding), committed: since })
            });
            let keys = known.collect();
            // Without a main loop the process is about to end.
            let _ = events.send(Event::Counted(Counted { uri, root, keys, generation }, reply));
        });
    }

    /// What was looked for is known.
    pub(super) fn take_counted(&mut self, counted: Counted, reply: Reply<Option<Vec<CodeLens>>>) {
        // What changed meanwhile is looked for again at the next question.
        let is_current = counted.generation == self.everything.generation;
        for (key, known) in counted.keys.into_iter().filter(|_| is_current) {
            self.spread.insert((counted.root.clone(), key), known);
        }
        answer(reply, Ok(Some(self.lenses_of(&counted.uri))));
    }

    fn root_of(&self, uri: &Url) -> Option<PathBuf> {
        Some(self.session.document(uri.as_str())?.workspace.as_ref()?.root().to_owned())
    }

    fn lenses_of(&self, uri: &Url) -> Vec<CodeLens> {
        let Some(open) = self.session.document(uri.as_str()) else { return Vec::new() };
        let (root, encoding) = (self.root_of(uri), self.abilities.encoding);
        let keys = self.session.keys_in(uri.as_str());
        let today = open.workspace.as_ref().map(|it| it.surroundings(open.doc.path()).today).unwrap_or_default();
        let mut seen = HashSet::new();
        let mut lenses = Vec::new();
        for (span, key) in &keys {
            let Some(known) = self
                .spread
                .get(&(root.clone(), identity(key.expose())))
                .filter(|_| seen.insert(identity(key.expose())))
            else {
                continue;
            };
            // What stands in this document is known as it is now.
            let own = keys.iter().filter(|(_, it)| it == key).map(|(span, _)| *span);
            let own = own.map(|it| Location { uri: uri.clone(), range: convert::range(&open.doc, it, encoding) });
            let own_name = found::name_of(uri);
            let others = known.places.iter().filter(|it| found::name_of(&it.uri) != own_name).cloned();
            let places: Vec<Location> = own.chain(others).collect();
            let mut parts = Vec::new();
            if places.len() > 1 {
                parts.push(format!("same key in {}", counted(places.len(), "place")));
            }
            parts.extend(known.committed.as_deref().and_then(|date| since(date, &today)));
            if !parts.is_empty() {
                let shows = self.abilities.shows_places;
                lenses.push(found::lens(uri, &open.doc, *span, parts.join(" · "), places, shows, encoding));
            }
        }
        lenses
    }

    /// The command: every key of the workspace, without the keys.
    pub(super) fn list_keys(&self, reply: Reply<Option<Value>>) {
        let folders = self.session.folders.iter().filter_map(|it| self.session.workspace_of(it).ok());
        let mut workspaces: Vec<Arc<Workspace>> = folders.map(Arc::new).collect();
        workspaces.dedup_by(|a, b| a.root() == b.root());
        let encoding = self.abilities.encoding;
        aside("keys", move || answer(reply, Ok(Some(found::keys(&inventory::keys(&workspaces), encoding)))));
    }

    /// The command: where keys can go.
    pub(super) fn list_stores(&self, arguments: &[Value], reply: Reply<Option<Value>>) {
        let of = convert::uri_of(arguments);
        let own = of.and_then(|uri| self.session.document(&uri)?.workspace.clone());
        let first = || self.session.folders.iter().find_map(|it| self.session.workspace_of(it).ok()).map(Arc::new);
        let Some(workspace) = own.or_else(first) else {
            return answer(reply, Err(failed("no folder is open".to_owned())));
        };
        let all = self.session.destinations(&Stores::of(&workspace));
        let row = |it: &crate::fixes::Destination| json!({"id": it.store, "label": it.label.replace("{name}", "NAME"), "ready": true, "note": null});
        answer(reply, Ok(Some(all.iter().map(row).collect())));
    }
}

/// `committed 41 days ago`
fn since(date: &str, today: &str) -> Option<String> {
    let day = |text: &str| text.parse::<jiff::civil::Date>().ok();
    let days = day(date)?.until(day(today)?).ok()?.get_days();
    Some(match days {
        ..=0 => "committed today".to_owned(),
        1 => "committed yesterday".to_owned(),
        _ => format!("committed {days} days ago"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        assert_eq!(since("2026-10-18", "2026-11-28").as_deref(), Some("committed 41 days ago"));
        assert_eq!(since("2025-11-28", "2026-11-28").as_deref(), Some("committed 365 days ago"));
        assert_eq!(since("2026-11-27", "2026-11-28").as_deref(), Some("committed yesterday"));
        assert_eq!(since("2026-11-28", "2026-11-28").as_deref(), Some("committed today"));
        assert_eq!(since("2026-11-29", "2026-11-28").as_deref(), Some("committed today"));
        assert_eq!(since("?", "2026-11-28"), None);
    }
}
