//! The move: the key goes to a store, the code reads a variable, and something loads it.

use super::clashes::clash;
use super::loading::{Added, Loading, head_edits, loading, loading_of, overrides};
use super::mentions::without_argument;
use super::naming::{State, name_for, other_name};
use super::prose::is_prose;
use super::reading::{Needs, reading};
use super::refer::{filled, leave_name};
use super::rewrite::{Rewrite, rewrite};
use super::{Deposit, Destination, Fix, GitState, Repairs, Safety, Surroundings, settings};
use crate::secrets::{Opens, SecretRef, env_line_at, env_value_span, is_env_template, token_at};
use crate::syntax::{Document, Fact};
use crate::text::{Change, Edit, Span};

/// Moves the key that stands at `secret`: one fix for each destination.
pub fn repairs(doc: &Document, around: &Surroundings, secret: Span) -> Repairs {
    if let Some(reason) = &around.env.refused {
        return Repairs { fixes: Vec::new(), refused: Some(reason.clone()) };
    }
    let Some(naming) = name_for(doc, around, secret) else {
        let refused = Some("nothing tells the name of its variable: name it with `--name`".to_owned());
        return Repairs { fixes: Vec::new(), refused };
    };
    let mut repairs = Repairs::default();
    let opens = opener(doc, around, secret, &naming.name);
    if naming.state == State::Referred
        && let Some(to) = referred_to(around, &naming.name)
        && !opens.is_some_and(|opens| opens.is_opened_by(&to))
    {
        match one(doc, around, secret, &naming.name, naming.state, &to) {
            Ok(fix) => repairs.fixes.push(fix),
            Err(reason) => repairs.refused = Some(reason),
        }
    }
    for to in &around.destinations {
        if let Some(opens) = opens.filter(|opens| opens.is_opened_by(to)) {
            repairs.refused = Some(opens.circular());
            continue;
        }
        let taken = matches!(naming.state, State::Taken | State::Referred);
        let name = if taken { other_name(around, &naming.name) } else { naming.name.clone() };
        let state = if taken { State::Free } else { naming.state };
        let to = &to.of(&name);
        match one(doc, around, secret, &name, state, to) {
            Ok(mut fix) if taken => {
                fix.safety = Safety::Offered;
                fix.title = format!("{} as {name}", fix.title);
                repairs.fixes.push(fix);
            }
            Ok(fix) => {
                let short = leave_out(doc, around, secret, &fix);
                let named = leave_its_name(doc, secret, &name, state, to);
                repairs.fixes.push(fix);
                repairs.fixes.extend(short.into_iter().chain(named));
                repairs.fixes.dedup();
            }
            Err(reason) => repairs.refused = Some(reason),
        }
        if naming.state == State::Taken && repairs.refused.is_none() {
            let path = around.env.path.display();
            let reason = format!("{} holds another value in {path}: give this key a name with `--name`", naming.name);
            repairs.refused = Some(reason);
        }
    }
    repairs
}

/// The store that the key opens.
pub(super) fn opener<'a>(doc: &'a Document, around: &'a Surroundings, secret: Span, name: &str) -> Option<&'a Opens> {
    let token = token_at(&around.catalogue, doc.text().as_bytes(), secret);
    let by_shape = token.map(|token| around.catalogue.shape(token.shape).0);
    let by_place = || super::slot::slot_at(doc, doc.facts(), around, secret).map(|slot| slot.provider);
    let provider = by_shape.or_else(|| around.catalogue.provider_of_env(name)).or_else(by_place)?;
    provider.opens.as_ref()
}

impl Opens {
    /// A reference there would need its own key to be read.
    pub(super) fn is_opened_by(&self, to: &Destination) -> bool {
        let backend = to.reference.as_deref().and_then(|it| it.strip_prefix("ref+")?.split(':').next());
        backend.is_some_and(|backend| self.only || self.backends.iter().any(|it| it == backend))
    }

    /// Why a key stays where a program finds it without a store.
    pub(super) fn circular(&self) -> String {
        format!("it opens {}, so nothing could read it from a store: move it to `.env` (`--to env`)", self.name)
    }
}

/// The place that the env file's reference leads to: the key has to be there, or goes there.
fn referred_to(around: &Surroundings, name: &str) -> Option<Destination> {
    let entry = around.env.entries.iter().find(|entry| entry.name == name)?;
    let reference = entry.reference.as_ref()?;
    let store = reference.backend.clone();
    Some(Destination { store, label: reference.to_string(), reference: Some(reference.to_string()) })
}

/// The move to one destination.
fn one(
    doc: &Document,
    around: &Surroundings,
    secret: Span,
    name: &str,
    state: State,
    to: &Destination,
) -> Result<Fix, String> {
    if to.reference.is_none() && around.env.git == GitState::Tracked {
        let path = around.env.path.display();
        return Err(format!(
            "git tracks {path}, so a key in it would be in git: run `git rm --cached -- {path}` first"
        ));
    }
    // Where the value is there already, storing finds it there, or stores it where it has gone since.
    let deposit = deposit(secret, name, to)?;
    let effective = match state {
        State::Same { is_reference: true } => Destination { reference: Some(String::new()), ..to.clone() },
        State::Same { is_reference: false } => Destination { reference: None, ..to.clone() },
        _ => to.clone(),
    };
    if let Some(reason) = overrides(doc, around).filter(|_| effective.reference.is_some()) {
        return Err(format!("{reason}, or move the key to {} itself", around.env.path.display()));
    }
    // A template keeps the name alone.
    if is_env_template(doc.path()) {
        let value = env_line_at(doc.text(), secret).map(|line| env_value_span(doc.text(), &line));
        if value != Some(secret) {
            return Err("the value holds more than the key: move it by hand".to_owned());
        }
        let title = match state {
            State::Same { .. } => format!("Leave {name} empty here, which holds this key already"),
            State::Referred => format!("Leave {name} empty here, which refers to {}", to.label),
            _ => format!("Move to {} and leave {name} empty here", to.label),
        };
        return assemble(doc, Rewrite::of(Edit::replace(secret, "")), Loading::There, title, deposit);
    }
    let stops = settings::refuses(doc, around, name).map_or(Ok(()), Err);
    if is_prose(doc, doc.facts(), secret) {
        stops?;
        return mention(doc, secret, name, state, to, deposit);
    }
    let written = match rewrite(doc, around, secret, name) {
        // What cannot be read there can be named for people.
        Err(_) if doc.is_example() && doc.language().is_some() => {
            stops?;
            return mention(doc, secret, name, state, to, deposit);
        }
        // What cannot be taken out may have another form.
        Err(reason) => return leave_its_name(doc, secret, name, state, to).filter(|_| stops.is_ok()).ok_or(reason),
        Ok(written) => written,
    };
    if let Some(reason) = clash(doc, name, secret) {
        return Err(reason);
    }
    stops?;
    if let Some(reader) = doc.reader_at(doc.facts(), secret) {
        if reader.plain && effective.reference.is_some() {
            let env = around.env.path.display();
            return Err(format!(
                "{} would take the reference in {env} for the key: move it to {env} itself",
                reader.name
            ));
        }
        let loading = loading_of(doc, around, &effective, reader);
        let does = filled(doc, &reader.does, secret, name);
        let title = referred(&does, name, state, to, &loading);
        let fix = assemble(doc, written, loading, title, deposit)?;
        return Ok(if reader.offered { Fix { safety: Safety::Offered, ..fix } } else { fix });
    }
    let loading = match settings::field(doc, around, secret) {
        Some(field) if field.loads && effective.reference.is_none() => Loading::There,
        _ => loading(doc, around, &effective, written.read),
    };
    let title = title(name, state, to, &loading);
    assemble(doc, written, loading, title, deposit)
}

/// Text for people keeps the variable's name where the key stood.
fn mention(
    doc: &Document,
    secret: Span,
    name: &str,
    state: State,
    to: &Destination,
    deposit: Deposit,
) -> Result<Fix, String> {
    let title = match state {
        State::Same { .. } => format!("Leave the name {name} here, which holds this key already"),
        State::Referred => format!("Leave the name {name} here, which refers to {}", to.label),
        _ => format!("Move to {} and leave its name here", to.label),
    };
    assemble(doc, Rewrite::of(Edit::replace(secret, format!("<{name}>"))), Loading::There, title, deposit)
}

/// An entry that could be taken out may stay, with the variable's name in it.
fn leave_its_name(doc: &Document, secret: Span, name: &str, state: State, to: &Destination) -> Option<Fix> {
    let reader = doc.reader_at(doc.facts(), secret)?;
    let written = leave_name(doc, reader, secret, name)?;
    let title = match state {
        State::Same { .. } => format!("Leave the name {name} here, which holds this key already"),
        State::Referred => format!("Leave the name {name} here, which refers to {}", to.label),
        _ => format!("Move to {} and leave its name here", to.label),
    };
    let fix = assemble(doc, written, Loading::There, title, deposit(secret, name, to).ok()?).ok()?;
    Some(Fix { safety: Safety::Offered, ..fix })
}

/// Replaces a read of the variable `name` by one that stops and names it when it is missing. A person's choice.
pub fn read_loudly(doc: &Document, span: Span, name: Option<&str>) -> Repairs {
    let (Some(language), Some(name)) = (doc.language(), name) else { return Repairs::default() };
    // The read can stand in a literal that takes values.
    let around = doc.facts().around(span).find_map(|fact| match *fact {
        Fact::Literal { span, .. } => Some(doc.slice(span)),
        _ => None,
    });
    let quote = if around.is_some_and(|text| text.contains('"')) { '\'' } else { '"' };
    let (read, needs) = reading(doc, language, name, quote, span.start);
    let written = Rewrite { needs, ..Rewrite::of(Edit::replace(span, read)) };
    let mut change = Change::default();
    let head = head_edits(doc, span, &written.needs, None, &[]);
    if change.add(doc.path().to_owned(), written.edits.into_iter().chain(head)).is_err() {
        return Repairs::default();
    }
    let title = format!("Stop, and name {name}, where it is missing");
    Repairs { fixes: vec![Fix { title, safety: Safety::Offered, change, deposit: None, start: None }], refused: None }
}

pub(super) fn deposit(secret: Span, name: &str, to: &Destination) -> Result<Deposit, String> {
    let reference = match &to.reference {
        None => None,
        Some(template) => {
            let text = template.replace("{name}", name);
            Some(SecretRef::parse(&text).ok_or_else(|| format!("{text:?} is no reference"))?)
        }
    };
    Ok(Deposit { secret, name: name.to_owned(), store: to.store.clone(), reference, in_place: false })
}

fn title(name: &str, state: State, to: &Destination, loading: &Loading) -> String {
    let what = match state {
        State::Same { .. } => format!("Read {name}, which holds this key already"),
        State::Referred => format!("Read {name}, which refers to {}", to.label),
        _ => format!("Move to {}", to.label),
    };
    match loading {
        Loading::There => what,
        Loading::Added(_) => format!("{what} and load it"),
        Loading::Run(command) => format!("{what} (start with `{command}`)"),
    }
}

/// The title where another program reads the file.
fn referred(does: &str, name: &str, state: State, to: &Destination, loading: &Loading) -> String {
    if does.is_empty() {
        return title(name, state, to, loading);
    }
    let start = match loading {
        Loading::Run(command) => format!(" (start with `{command}`)"),
        _ => String::new(),
    };
    match state {
        State::Same { .. } => format!("{name} holds this key already: {does}{start}"),
        State::Referred => format!("{name} refers to {}: {does}{start}", to.label),
        _ => format!("Move to {} and {does}{start}", to.label),
    }
}

fn assemble(
    doc: &Document,
    written: Rewrite,
    loading: Loading,
    title: String,
    deposit: Deposit,
) -> Result<Fix, String> {
    let mut change = Change::default();
    let (mut first, mut load) = (None, Vec::new());
    let mut start = None;
    let collide = |_| "the edits of this move collide: move this key by hand".to_owned();
    match loading {
        Loading::There => {}
        Loading::Added(Added::First(line)) => first = Some(line),
        Loading::Added(Added::Head(lines)) => load = lines,
        Loading::Added(Added::Entry(path, edit)) => change.add(path, [edit]).map_err(collide)?,
        Loading::Run(command) => start = Some(command),
    }
    for (path, edits) in written.others {
        change.add(path, edits).map_err(collide)?;
    }
    let head = head_edits(doc, written.read, &written.needs, first.as_deref(), &load);
    // A function may be defined further down, an import may not.
    let late = |edit: &Edit| edit.span.start > written.read.start;
    if (!written.needs.imports.is_empty() || !load.is_empty()) && head.iter().any(late) {
        return Err("an import has to stand before this key: put the key on a line of its own".to_owned());
    }
    change.add(doc.path().to_owned(), written.edits.into_iter().chain(head)).map_err(collide)?;
    let safety = if start.is_some() { Safety::NeedsRun } else { Safety::Safe };
    Ok(Fix { title, safety, change, deposit: Some(deposit), start })
}

/// `OpenAI()`: the SDK reads its variable by itself. A person's choice, never `--fix`'s.
fn leave_out(doc: &Document, around: &Surroundings, secret: Span, fix: &Fix) -> Option<Fix> {
    let slot = super::slot::slot_at(doc, doc.facts(), around, secret)?;
    let reads = slot.client?.env.as_ref().unwrap_or(&slot.provider.env);
    let name = fix.deposit.as_ref().map(|deposit| &deposit.name)?;
    if name != reads {
        return None;
    }
    let (edits, read) = without_argument(doc, around, secret)?;
    let to =
        around.destinations.iter().find(|to| fix.deposit.as_ref().is_some_and(|deposit| deposit.store == to.store))?;
    let loading = loading(doc, around, to, read);
    let title = format!("{}, leave the argument out", fix.title);
    let written = Rewrite { edits, others: Vec::new(), needs: Needs::default(), read };
    let short = assemble(doc, written, loading, title, fix.deposit.clone()?).ok()?;
    Some(Fix { safety: Safety::Offered, ..short })
}
