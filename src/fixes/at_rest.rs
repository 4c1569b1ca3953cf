//! A key in an env file goes to a store, and the line keeps a reference.

use super::loading::overrides;
use super::move_key::{deposit, opener};
use super::{Deposit, Destination, EnvFile, Fix, Repairs, Safety, Surroundings};
use crate::secrets::{env_line_at, env_value_span};
use crate::syntax::Document;
use crate::text::{Change, Edit, Span};

/// What programs are started with that read references from this env file.
fn start(doc: &Document) -> String {
    match doc.path().file_name().and_then(|it| it.to_str()) {
        // It is looked for.
        Some(".env") => "aikeys-lsp run -- COMMAND".to_owned(),
        _ => format!("aikeys-lsp run --env-file {} -- COMMAND", doc.path().display()),
    }
}

/// Moves the value at `secret` to each store that is no env file; its line says the reference from then on.
pub fn encrypt(doc: &Document, around: &Surroundings, secret: Span) -> Repairs {
    let Some(line) = env_line_at(doc.text(), secret).filter(|line| env_value_span(doc.text(), line) == secret) else {
        let refused = Some("the value holds more than the key: move it by hand".to_owned());
        return Repairs { fixes: Vec::new(), refused };
    };
    // Loaders make different values of it: one of them would be stored.
    if doc.slice(secret).contains(['\\', '$', '\n', '`']) {
        let refused = Some("env loaders read this value differently: store it by hand".to_owned());
        return Repairs { fixes: Vec::new(), refused };
    }
    let name = doc.slice(line.name);
    let reason = if let Some(line) = around.broken {
        Some(format!("line {line} of this file cannot be read by env loaders: mend it first"))
    } else if is_used(doc.text(), name) {
        Some(format!(
            "another value in this file is made of ${name}, and would hold the reference's text: store it by hand"
        ))
    } else {
        None
    };
    if reason.is_some() {
        return Repairs { fixes: Vec::new(), refused: reason };
    }
    let here = EnvFile { path: doc.path().to_owned(), ..EnvFile::default() };
    if let Some(reason) = overrides(doc, &Surroundings { env: here, ..around.clone() }) {
        return Repairs { fixes: Vec::new(), refused: Some(reason) };
    }
    let opens = opener(doc, around, secret, name);
    let mut repairs = Repairs::default();
    for to in around.destinations.iter().filter(|to| to.reference.is_some()) {
        match opens.filter(|opens| opens.is_opened_by(to)) {
            Some(opens) => repairs.refused = Some(opens.circular()),
            None => match one(doc, line.value, secret, name, &to.of(name)) {
                Ok(fix) => repairs.fixes.push(fix),
                Err(reason) => repairs.refused = Some(reason),
            },
        }
    }
    repairs
}

/// `$NAME` or `${NAME}` stands in the text.
fn is_used(text: &str, name: &str) -> bool {
    let starts = text.match_indices('$').map(|(at, _)| text[at + 1..].trim_start_matches('{'));
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
    starts.filter_map(|rest| rest.strip_prefix(name)).any(|rest| !rest.starts_with(goes_on))
}

fn one(doc: &Document, value: Span, secret: Span, name: &str, to: &Destination) -> Result<Fix, String> {
    let deposit = Deposit { in_place: true, ..deposit(secret, name, to)? };
    let reference = deposit.reference.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut change = Change::default();
    let edit = Edit::replace(value, format!("\"{reference}\""));
    change.add(doc.path().to_owned(), [edit]).map_err(|_| "the edits of this move collide".to_owned())?;
    let start = start(doc);
    let title = format!("Move to {} and leave a reference here (start with `{start}`)", to.label);
    Ok(Fix { title, safety: Safety::NeedsRun, change, deposit: Some(deposit), start: Some(start) })
}
