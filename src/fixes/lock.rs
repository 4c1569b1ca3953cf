//! `aikeys.lock`: which variables of providers a workspace uses, and which keys may not come back. No value is in it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::{Repairs, Safety};
use crate::secrets::discreet;
use crate::syntax::Document;
use crate::text::{Edit, Span, apply, line_ending, toml_quoted};

/// The file's name, at the root of a workspace.
pub const LOCK: &str = "aikeys.lock";
/// How the file is written now.
const VERSION: u32 = 1;

/// What the file says.
#[derive(Clone)]
pub struct Lock {
    /// The file.
    pub doc: Arc<Document>,
    /// The variables, in the order of the file.
    pub listed: Vec<Listed>,
    /// The keys that were replaced or leaked.
    pub burned: Vec<Burned>,
    /// How long a key may live where its own line says nothing, in days; the settings say so.
    pub max_age_days: Option<u64>,
    /// How long it may live whatever a line or the settings say: the organisation's policy.
    pub at_most_days: Option<u64>,
}

/// A variable that holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub variable: String,
    /// Where that stands.
    pub at: Span,
    /// The provider's id.
    pub provider: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where its value lies, for everyone.
    pub reference: Option<String>,
    /// Since when this key is in use, `YYYY-MM-DD`.
    pub since: String,
    /// Where that stands.
    pub since_at: Span,
    /// How long it may live, in days.
    pub rotate_days: Option<u64>,
}

/// A key that may not be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burned {
    /// Of the key.
    pub fingerprint: String,
    /// The provider's id.
    pub provider: Option<String>,
    /// Since when, `YYYY-MM-DD`.
    pub date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: u32,
    #[serde(default)]
    key: Vec<Row>,
    #[serde(default)]
    burned: Vec<BurnedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    variable: Spanned<String>,
    provider: String,
    owner: Option<String>,
    reference: Option<String>,
    since: Spanned<String>,
    rotate_days: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BurnedRow {
    fingerprint: String,
    provider: Option<String>,
    date: String,
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lock({} listed, {} burned)", self.listed.len(), self.burned.len())
    }
}

impl Lock {
    /// Reads a text; the error says in which line it is wrong.
    pub fn parse(text: &str) -> Result<Lock, String> {
        let parsed: Text = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            format!("line {line}: {}", discreet(error.message()))
        })?;
        if parsed.version != VERSION {
            return Err(format!("version {} is not known: a newer aikeys-lsp wrote it", parsed.version));
        }
        let span = |it: &Spanned<String>| Span::new(it.span().start + 1, it.span().end.saturating_sub(1));
        let listed = parsed.key.into_iter().map(|row| Listed {
            at: span(&row.variable),
            since_at: span(&row.since),
            variable: row.variable.into_inner(),
            since: row.since.into_inner(),
            provider: row.provider,
            owner: row.owner,
            reference: row.reference,
            rotate_days: row.rotate_days,
        });
        let burned = parsed.burned.into_iter();
        let burned = burned.map(|it| Burned { fingerprint: it.fingerprint, provider: it.provider, date: it.date });
        Ok(Lock {
            listed: listed.collect(),
            burned: burned.collect(),
            doc: Arc::new(Document::new(LOCK, text)),
            max_age_days: None,
            at_most_days: None,
        })
    }

    /// See [`super::Surroundings::overlay`]. A text that is being written can be wrong for a moment: the old one counts.
    pub(super) fn overlay(&mut self, open: &dyn Fn(&Path) -> Option<Arc<Document>>) {
        if let Some(doc) = open(Path::new(LOCK)) {
            let (max_age_days, at_most_days) = (self.max_age_days, self.at_most_days);
            match Lock::parse(doc.text()) {
                Ok(lock) => *self = Lock { doc, max_age_days, at_most_days, ..lock },
                Err(_) => self.doc = doc,
            }
        }
    }

    /// Its text. Rows stand in the order of the alphabet, each value in a line of its own, so that two branches merge.
    pub fn written(listed: &[Listed], burned: &[Burned]) -> String {
        let mut text = String::from(
            "# The keys that this workspace uses, without values. Commit it.\n\
             # Written by `aikeys-lsp inventory --write-lock`, which keeps `since`, `owner` and `rotate-days`, and no comments.\n\
             version = 1\n",
        );
        for it in listed {
            text.push_str(&row(it));
        }
        burned.iter().for_each(|it| text.push_str(&burned_row(it)));
        text
    }

    /// The listed keys that are older than they may be: with their age in days, none where `since` is no day, and with how long
    /// they may live.
    pub fn overdue(&self, today: &str) -> Vec<(&Listed, Option<i64>, u64)> {
        let most = |it: &Listed| it.rotate_days.or(self.max_age_days).into_iter().chain(self.at_most_days).min();
        let old = self.listed.iter().filter_map(|it| {
            let days = most(it)?;
            let age = day(today).zip(day(&it.since)).map(|(today, since)| today - since);
            let is_over = age.is_none_or(|age| age > i64::try_from(days).unwrap_or(i64::MAX));
            is_over.then_some((it, age, days))
        });
        old.collect()
    }

    /// Its text once new keys are in use under these variables.
    pub fn renewed(&self, variables: &[String], today: &str) -> String {
        let listed = self.listed.iter().filter(|it| variables.contains(&it.variable));
        let edits: Vec<Edit> = listed.map(|it| Edit::replace(it.since_at, today.to_owned())).collect();
        apply(self.doc.text(), &edits)
    }

    /// The text of the file with a key that may not come back, and all else as it is; a new text where there is no file.
    /// `None` where it is listed already.
    pub fn with_burned(text: Option<&str>, burned: &Burned) -> Result<Option<String>, String> {
        let Some(text) = text else { return Ok(Some(Lock::written(&[], std::slice::from_ref(burned)))) };
        if Lock::parse(text)?.burned.iter().any(|it| it.fingerprint.eq_ignore_ascii_case(&burned.fingerprint)) {
            return Ok(None);
        }
        let ending = line_ending(text);
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
        Ok(Some(format!("{text}{gap}{}", burned_row(burned).replace('\n', ending))))
    }

    /// Adds a variable to the file, where it can be read and does not list it.
    pub fn add(&self, variable: &str, provider: &str, today: &str) -> Repairs {
        let is_missing = |it: Lock| it.listed.iter().all(|it| it.variable != variable);
        if !Lock::parse(self.doc.text()).is_ok_and(is_missing) {
            return Repairs::default();
        }
        let new = Listed {
            variable: variable.to_owned(),
            at: Span::new(0, 0),
            provider: provider.to_owned(),
            owner: None,
            reference: None,
            since: today.to_owned(),
            since_at: Span::new(0, 0),
            rotate_days: None,
        };
        let (text, ending) = (self.doc.text(), line_ending(self.doc.text()));
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
        let added = format!("{gap}{}", row(&new).replace('\n', ending));
        let title = format!("List {variable} in {LOCK}");
        Repairs::of_edits(self.doc.path(), [Edit::insert(text.len(), added)], title, Safety::Offered)
    }
}

/// Days since the first of March in the year 0, of a day that is written `YYYY-MM-DD`.
fn day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Some(i64::from(date.since(jiff::civil::date(0, 3, 1)).ok()?.get_days()))
}

fn row(it: &Listed) -> String {
    let mut text = String::from("\n[[key]]\n") + &line("variable", &it.variable) + &line("provider", &it.provider);
    it.owner.iter().for_each(|owner| text.push_str(&line("owner", owner)));
    it.reference.iter().for_each(|reference| text.push_str(&line("reference", reference)));
    text.push_str(&line("since", &it.since));
    it.rotate_days.iter().for_each(|days| text.push_str(&format!("rotate-days = {days}\n")));
    text
}

fn burned_row(it: &Burned) -> String {
    let mut text = String::from("\n[[burned]]\n") + &line("fingerprint", &it.fingerprint);
    it.provider.iter().for_each(|provider| text.push_str(&line("provider", provider)));
    text + &line("date", &it.date)
}

fn line(name: &str, value: &str) -> String {
    format!("{name} = {}\n", toml_quoted(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let listed = Listed {
            variable: "OPENAI_API_KEY".to_owned(),
            at: Span::new(0, 0),
            provider: "openai".to_owned(),
            owner: Some("a \"b\" \\ \u{1}".to_owned()),
            reference: Some("ref+vault://secret/app#/X".to_owned()),
            since: "2026-01-02".to_owned(),
            since_at: Span::new(0, 0),
            rotate_days: Some(30),
        };
        let burned = Burned { fingerprint: "ab".to_owned(), provider: None, date: "2026-01-03".to_owned() };
        let text = Lock::written(std::slice::from_ref(&listed), std::slice::from_ref(&burned));
        let lock = Lock::parse(&text).expect("it is ours");
        assert_eq!(&text[lock.listed[0].at.range()], "OPENAI_API_KEY");
        assert_eq!(&text[lock.listed[0].since_at.range()], "2026-01-02");
        assert_eq!(Listed { at: Span::new(0, 0), since_at: Span::new(0, 0), ..lock.listed[0].clone() }, listed);
        assert_eq!(lock.burned, [burned]);
        assert_eq!(Lock::written(&lock.listed, &lock.burned), text);
    }

    #[test]
    fn a_burned_key_is_added_and_nothing_else_changes() {
        let burned =
            |print: &str| Burned { fingerprint: print.to_owned(), provider: None, date: "2026-01-03".to_owned() };
        let first = Lock::with_burned(None, &burned("ab")).expect("a text").expect("it is new");
        assert_eq!(Lock::parse(&first).expect("it is ours").burned, [burned("ab")]);
        assert_eq!(Lock::with_burned(Some(&first), &burned("AB")), Ok(None));
        let old =
            "# mine\r\nversion = 1\r\n[[key]]\r\nvariable = \"A\"\r\nprovider = \"b\"\r\nsince = \"2026-01-01\" # why";
        let new = Lock::with_burned(Some(old), &burned("cd")).expect("a text").expect("it is new");
        assert!(new.starts_with(old) && !new.replace("\r\n", "").contains('\n'), "{new:?}");
        assert_eq!(Lock::parse(&new).expect("it is ours").burned, [burned("cd")]);
        assert!(Lock::with_burned(Some("version = 2"), &burned("cd")).is_err());
    }

    #[test]
    fn a_wrong_text_says_where() {
        let error = |text: &str| Lock::parse(text).expect_err("it is wrong");
        assert!(
            error("version = 1\n[[key]]\nvariable = \"A\"\n").starts_with("line 2: missing field"),
            "{}",
            error("version = 1\n[[key]]\nvariable = \"A\"\n")
        );
        assert!(error("version = 2\n").contains("newer"));
        assert!(error("").contains("version"));
    }
}
