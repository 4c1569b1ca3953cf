//! What can be done about the findings of a document: the menu, and each choice worked out again when it is made.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::offers::{Does, EditRequest, FileEdits, Move, MoveRequest, Offer, Work, ignore};
use super::open::{Open, check, copy};
use super::session::{STALE, Session};
use crate::fixes::{Fix, LOCK, Lock, Safety, Surroundings};
use crate::moves::Reach;
use crate::project::is_variable_name;
use crate::rules::{self, Finding, is_env_file};
use crate::secrets::{env_line_at, without_keys};
use crate::syntax::Document;
use crate::text::{Change, Span};

/// How many findings of a selection are looked at.
const MENU: usize = 20;

impl Session {
    /// What can be done about the findings that touch a span.
    pub fn offers(&self, uri: &str, span: Span) -> Vec<Offer> {
        let Some(open) = self.documents.get(uri) else { return Vec::new() };
        let (mut findings, _) = check(open, &self.answers);
        let touches = |it: &&Finding| it.span.start <= span.end && span.start <= it.span.end;
        findings.retain(|it| touches(&it));
        // Each of them is worked out: nobody reads a menu of all keys of a file.
        findings.truncate(MENU);
        let clear = open.said_of_outputs().filter(|it| touches(&it)).map(|finding| Offer {
            title: "Clear the outputs of this cell".to_owned(),
            finding,
            does: Does::ClearOutput,
        });
        let mut offers: Vec<Offer> = Vec::new();
        if !findings.is_empty() {
            let around = self.surroundings(open);
            offers.extend(findings.iter().flat_map(|finding| self.offers_of(open, &around, finding)));
        }
        offers.extend(clear);
        offers
    }

    /// Works edits out again.
    pub fn edits_of(&self, request: &EditRequest) -> Option<Vec<FileEdits>> {
        self.forget_packages();
        let open = self.documents.get(&request.uri).filter(|it| it.version == request.version)?;
        let (findings, _) = check(open, &self.answers);
        let finding = findings.iter().find(|it| it.rule == request.rule && it.span == request.span)?;
        let around = self.surroundings(open);
        self.offers_of(open, &around, finding).into_iter().find_map(|offer| match offer.does {
            Does::Edit(files) if offer.title == request.title => Some(files),
            _ => None,
        })
    }

    /// All that needs no decision in a document, moves no key and changes no other file.
    pub fn all_repairs(&self, uri: &str) -> Option<Vec<FileEdits>> {
        let open = self.documents.get(uri)?;
        let (findings, _) = check(open, &self.answers);
        let around = self.surroundings(open);
        let mut change = Change::default();
        for finding in &findings {
            let mut fixes = rules::fixes(&open.doc, &around, finding).fixes.into_iter();
            let is_plain = |fix: &Fix| {
                let is_own = fix.change.files.keys().all(|path| path == open.doc.path());
                fix.safety == Safety::Safe && fix.deposit.is_none() && is_own
            };
            if let Some(edits) =
                fixes.next().filter(is_plain).and_then(|mut fix| fix.change.files.remove(open.doc.path()))
            {
                // Of two that collide the next call does the other one.
                let _ = change.add(open.doc.path().to_owned(), edits);
            }
        }
        (!change.files.is_empty()).then(|| self.file_edits(open, &around, &change)).flatten()
    }

    /// Works a move out again.
    pub fn plan(&self, request: &MoveRequest) -> Result<Move, String> {
        self.forget_packages();
        let open = self.documents.get(&request.uri).filter(|it| it.version == request.version).ok_or(STALE)?;
        let workspace = open.workspace.as_ref().ok_or("this file belongs to no folder")?;
        let (findings, _) = check(open, &self.answers);
        let same = |it: &&Finding| it.rule == request.rule && it.span == request.span;
        let finding = findings.iter().find(same).ok_or(STALE)?;
        let around = self.surroundings(open);
        let fix = rules::fixes(&open.doc, &around, finding).fixes.into_iter().nth(request.fix);
        let (fix, title, reach) = (fix.ok_or(STALE)?, &request.title, request.reach);
        let deposit = fix.deposit.as_ref().filter(|_| titled(&fix.title, reach) == *title).ok_or(STALE)?;
        let mut files =
            self.file_edits(open, &around, &fix.change).ok_or("a file that this move has to change cannot be read")?;
        let work = match reach {
            Reach::Given => Work::One(fix),
            Reach::File | Reach::Everywhere => {
                let to = around.destinations.iter().find(|it| it.store == deposit.store).ok_or(STALE)?;
                // They are found aside.
                files.clear();
                let (to, deposit, open) = (to.clone(), deposit.clone(), self.all_open(workspace));
                Work::Wide { reach, to, deposit, open }
            }
        };
        let doc = Arc::new(copy(&open.doc));
        let (uri, revision) = (request.uri.clone(), open.revision);
        let env = self.unsaved(workspace);
        let is_remembered = !open.is_cell;
        let (workspace, title) = (Arc::clone(workspace), title.clone());
        Ok(Move { uri, workspace, doc, title, work, files, env, revision, is_remembered })
    }

    fn offers_of(&self, open: &Open, around: &Surroundings, finding: &Finding) -> Vec<Offer> {
        let searches = open.workspace.as_ref().is_some_and(|it| self.may_search(it));
        let mut offers = Vec::new();
        let mut offer = |title: String, does: Does| offers.push(Offer { title, finding: finding.clone(), does });
        let mut repairs = rules::fixes(&open.doc, around, finding);
        // Commands to the notebook stand between its code here, as on the disk they do not.
        if open.is_cell && has_commands(open.doc.text()) && repairs.fixes.iter().any(|it| it.deposit.is_some()) {
            repairs.fixes.retain(|it| it.deposit.is_none());
            repairs.refused = Some(
                "this cell has commands to the notebook (`%`, `!`): save it, close it, and run `aikeys-lsp --check --fix`"
                    .to_owned(),
            );
        }
        let (mut everywhere, mut seen) = (Vec::new(), BTreeSet::new());
        for (number, fix) in repairs.fixes.into_iter().enumerate() {
            if open.workspace.is_none() && fix.deposit.is_some() {
                continue;
            }
            if let Some(deposit) = &fix.deposit {
                // One for each store, behind the moves that change less. A cell is no file.
                if !open.is_cell && searches && fix.safety != Safety::Offered && seen.insert(deposit.store.clone()) {
                    everywhere.push((titled(&fix.title, Reach::Everywhere), Does::Move(number, Reach::Everywhere)));
                }
                let whole_file = (deposit.in_place && !open.is_cell).then(|| titled(&fix.title, Reach::File));
                offer(fix.title, Does::Move(number, Reach::Given));
                if let Some(title) = whole_file {
                    offer(title, Does::Move(number, Reach::File));
                }
            } else if let Some(files) = self.file_edits(open, around, &fix.change) {
                offer(fix.title, Does::Edit(files));
            }
        }
        everywhere.into_iter().for_each(|(title, does)| offer(title, does));
        if let Some(name) = variable_of(open, finding) {
            offer(format!("Rotate {name}…"), Does::Rotate(name));
        }
        let homeless = || "this file belongs to no folder with readable settings: save it first".to_owned();
        let refused = repairs.refused.or_else(|| (open.workspace.is_none() && finding.secret.is_some()).then(homeless));
        if let Some(reason) = refused {
            offer("Move this key".to_owned(), Does::Nothing(reason));
        }
        let ignore = ignore(&open.doc, around, finding).and_then(|it| self.file_edits(open, around, &it));
        if let Some(files) = ignore {
            offer(format!("Ignore with a reason… ({})", finding.rule), Does::Edit(files));
        }
        offers
    }

    /// A change with the texts it is for, the document's own file first; `None` when a file cannot be read.
    fn file_edits(&self, open: &Open, around: &Surroundings, change: &Change) -> Option<Vec<FileEdits>> {
        let root = open.workspace.as_ref().map_or(Path::new(""), |it| it.root());
        let mut files = Vec::new();
        for (path, edits) in &change.files {
            let own = self.documents.iter().find(|(_, it)| std::ptr::eq(*it, open)).filter(|_| path == open.doc.path());
            let known = own.or_else(|| self.open_at(open.workspace.as_ref()?, path));
            // These may have to be made.
            let text = match path == Path::new(".gitignore") {
                true => Some(&around.gitignore),
                false => around.agents.iter().flat_map(|it| &it.files).find(|it| it.0 == *path).map(|it| &it.1),
            };
            let others = || {
                let read = around.entries.iter().chain(&around.siblings).chain(&around.launchers);
                let all = read.chain(&around.beside.templates).chain(&around.contract.templates);
                let mut all = all.chain(around.lock.as_ref().map(|it| &it.doc));
                all.find(|it| it.path() == path).cloned()
            };
            let doc = match (known, text) {
                (Some((_, other)), _) => Arc::new(copy(&other.doc)),
                (None, Some(text)) => Arc::new(Document::new(path, text.clone().unwrap_or_default())),
                (None, None) => others()?,
            };
            files.push(FileEdits {
                uri: known.map(|(uri, _)| uri.clone()),
                file: root.join(path),
                version: known.map(|(_, other)| other.version),
                is_new: known.is_none() && text.is_some_and(Option::is_none),
                doc,
                edits: edits.clone(),
            });
        }
        files.sort_by_key(|it| it.doc.path() != open.doc.path());
        Some(files)
    }
}

/// The variable of a provider that a finding is about: the one of its line in an env file or in the list of keys.
fn variable_of(open: &Open, finding: &Finding) -> Option<String> {
    let (doc, _) = (&open.doc, finding.provider.as_ref()?);
    let name = if is_env_file(doc.path()) {
        doc.slice(env_line_at(doc.text(), finding.span)?.name).to_owned()
    } else if doc.path() == Path::new(LOCK) {
        let lock = Lock::parse(doc.text()).ok()?;
        lock.listed.into_iter().find(|it| [it.at, it.since_at].contains(&finding.span))?.variable
    } else {
        return None;
    };
    // It is shown, and a word of a command.
    is_variable_name(&name).then_some(name).filter(|it| without_keys(it) == *it)
}

/// The title of a move that reaches so far.
fn titled(title: &str, reach: Reach) -> String {
    match reach {
        Reach::Given => title.to_owned(),
        Reach::File => format!("{title}, with all other secrets of this file"),
        Reach::Everywhere => format!("{title}, here and wherever else it stands"),
    }
}

/// `%%time`, `%env`, `!pip`, `x = !ls`
fn has_commands(cell: &str) -> bool {
    let is_command = |line: &str| {
        let line = line.trim_start();
        let assigned = line.split_once('=').is_some_and(|(_, value)| value.trim_start().starts_with(['!', '%']));
        line.starts_with(['%', '!', '?']) || assigned
    };
    cell.lines().any(is_command)
}
