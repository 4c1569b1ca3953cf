//! Env files: read with dotenvy, edited line by line, written atomically.

use std::collections::HashSet;
use std::path::Path;

use super::files::{FileError, append, read_pipe, read_small, write_atomic};
use crate::secrets::{Secret, env_lines, env_value, env_value_span, is_reference};
use crate::text::{Edit, apply, line_ending};

/// Why a variable was not written. Never holds a value: dotenvy's own messages hold the line.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file holds another value under this name.
    #[error("{path}: {name} holds another value: give the key another name with `--name`")]
    Taken {
        /// The file.
        path: String,
        /// The variable.
        name: String,
    },
    /// A loader stops before our line.
    #[error("{path}:{line}: env loaders cannot read this line: mend it first")]
    Broken {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
    },
    /// No way of writing it reads back the same everywhere.
    #[error("{path}: the value of {name} has characters that env loaders read differently: it cannot be kept there")]
    Unwritable {
        /// The file.
        path: String,
        /// The variable.
        name: String,
    },
    /// Another program wrote at the same moment.
    #[error("{path}: another program changed {name} at the same moment: look at the file, then try again")]
    NotReadBack {
        /// The file.
        path: String,
        /// The variable.
        name: String,
    },
    /// A reference went into another value, which no store can give.
    #[error(
        "{path}: the value of {name} holds a reference among other text, which is not resolved there: write the key \
        itself into that line, or let the program put the two together"
    )]
    Mixed {
        /// The file.
        path: String,
        /// The variable.
        name: String,
    },
    /// The file is no text.
    #[error("{path}: this is no UTF-8 text")]
    NoText {
        /// The file.
        path: String,
    },
}

/// Puts `NAME=value` into the env file, and reads it back. The same value is fine; another one is never replaced.
///
/// A new file gets mode 0600; no other line changes, and none that another program adds meanwhile is lost.
pub fn write_variable(root: &Path, path: &Path, name: &str, value: &Secret) -> Result<(), EnvFileError> {
    let old = read_small(path)?;
    let no_text = |_| EnvFileError::NoText { path: path.display().to_string() };
    let text = std::str::from_utf8(old.as_deref().unwrap_or_default()).map_err(no_text)?;
    let Some(edit) = variable_edit(text, path, name, value)? else { return Ok(()) };
    add(root, path, old.as_deref(), text, &edit, 0o600)?;
    let read = read_values(path)?.into_iter().find(|(it, _)| it == name);
    match read {
        Some((_, read)) if read == *value => Ok(()),
        _ => Err(EnvFileError::NotReadBack { path: path.display().to_string(), name: name.to_owned() }),
    }
}

/// A new line is added to the file as it is by then; a value in a line that is there takes a new file.
fn add(root: &Path, path: &Path, old: Option<&[u8]>, text: &str, edit: &Edit, mode: u32) -> Result<(), FileError> {
    if edit.span.start as usize == text.len() {
        return append(root, path, old.is_none(), edit.insert.as_bytes(), mode);
    }
    write_atomic(root, path, old, apply(text, std::slice::from_ref(edit)).as_bytes(), mode)
}

/// The edit that puts `NAME=value` into the text of an env file; `None` when it stands there already.
pub fn variable_edit(text: &str, path: &Path, name: &str, value: &Secret) -> Result<Option<Edit>, EnvFileError> {
    let shown = || path.display().to_string();
    if let Some(line) = broken_line(text) {
        return Err(EnvFileError::Broken { path: shown(), line });
    }
    let unwritable = || EnvFileError::Unwritable { path: shown(), name: name.to_owned() };
    let written = env_value_written(value.expose()).ok_or_else(unwritable)?;
    let lines = env_lines(text);
    let same: Vec<_> = lines.iter().filter(|line| &text[line.name.range()] == name).collect();
    let edit = match same.as_slice() {
        // Of several lines some loaders take the first one, others the last.
        [_, ..] if same.iter().all(|line| env_value(text, line) == value.expose()) => return Ok(None),
        [line] if line.value.is_empty() => Edit::insert(line.value.start as usize, written),
        [_, ..] => return Err(EnvFileError::Taken { path: shown(), name: name.to_owned() }),
        [] => appended(text, &format!("{name}={written}")),
    };
    // The oracle speaks before anything is written: what it does not read back the same is refused.
    let new = apply(text, std::slice::from_ref(&edit));
    let read = values(&new).ok().and_then(|all| all.into_iter().find(|(it, _)| it == name));
    match read {
        Some((_, read)) if read == *value => Ok(Some(edit)),
        _ => Err(unwritable()),
    }
}

/// Puts values in the place of others in an env file, all at once, and reads them back: `(NAME, old, new)`. What stands there
/// already is fine; where something else stands, nothing is written.
pub fn exchange_values(root: &Path, path: &Path, all: &[(&str, &Secret, &Secret)]) -> Result<(), EnvFileError> {
    let shown = || path.display().to_string();
    let old = read_small(path)?;
    let text =
        std::str::from_utf8(old.as_deref().unwrap_or_default()).map_err(|_| EnvFileError::NoText { path: shown() })?;
    if let Some(line) = broken_line(text) {
        return Err(EnvFileError::Broken { path: shown(), line });
    }
    let mut edits = Vec::new();
    let lines = env_lines(text);
    for (name, old, new) in all {
        let other = || EnvFileError::NotReadBack { path: shown(), name: (*name).to_owned() };
        let unwritable = || EnvFileError::Unwritable { path: shown(), name: (*name).to_owned() };
        let written = env_value_written(new.expose()).ok_or_else(unwritable)?;
        let same: Vec<_> = lines.iter().filter(|line| &text[line.name.range()] == *name).collect();
        for line in &same {
            match env_value(text, line) {
                value if value == new.expose() => {}
                value if value == old.expose() => edits.push(Edit::replace(line.value, written.clone())),
                _ => return Err(other()),
            }
        }
        if same.is_empty() {
            return Err(other());
        }
    }
    if edits.is_empty() {
        return Ok(());
    }
    edits.sort_by_key(|it| it.span.start);
    let after = apply(text, &edits);
    let is_new = |read: &[(String, Secret)]| {
        all.iter().find(|(name, _, new)| !read.iter().any(|(it, value)| it == name && value == *new)).map(|it| it.0)
    };
    // The oracle speaks before anything is written.
    if let Some(name) = values(&after).map_or(Some(all[0].0), |read| is_new(&read)) {
        return Err(EnvFileError::Unwritable { path: shown(), name: name.to_owned() });
    }
    write_atomic(root, path, old.as_deref(), after.as_bytes(), 0o600)?;
    match is_new(&read_values(path)?) {
        Some(name) => Err(EnvFileError::NotReadBack { path: shown(), name: name.to_owned() }),
        None => Ok(()),
    }
}

/// Adds `NAME=` or `NAME="reference"` to a template file, where the name is not there yet.
pub fn env_example_line(root: &Path, path: &Path, name: &str, reference: Option<&str>) -> Result<(), EnvFileError> {
    let old = read_small(path)?;
    let text = match &old {
        Some(bytes) => {
            std::str::from_utf8(bytes).map_err(|_| EnvFileError::NoText { path: path.display().to_string() })?
        }
        None => "",
    };
    if env_lines(text).iter().any(|line| &text[line.name.range()] == name) {
        return Ok(());
    }
    let value = reference.map(|it| format!("\"{it}\"")).unwrap_or_default();
    add(root, path, old.as_deref(), text, &appended(text, &format!("{name}={value}")), 0o644)?;
    Ok(())
}

/// A name that every shell and loader takes for a variable.
pub fn is_variable_name(name: &str) -> bool {
    let start = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    start && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The variables of an env file as a program sees them; the first of two wins, as dotenvy has it.
pub fn read_values(path: &Path) -> Result<Vec<(String, Secret)>, EnvFileError> {
    read_small(path)?.map_or_else(|| Ok(Vec::new()), |bytes| values_of(path, bytes))
}

/// The same for a program that is started: also from a pipe, as 1Password puts it there and `<(…)` makes one.
pub fn values_to_run_with(path: &Path) -> Result<Vec<(String, Secret)>, EnvFileError> {
    let bytes = match read_pipe(path)? {
        Some(bytes) => bytes,
        None => read_small(path)?.unwrap_or_default(),
    };
    let text = String::from_utf8_lossy(&bytes);
    let references: HashSet<String> = env_lines(&text).iter().map(|line| env_value(&text, line)).collect();
    let values = values_of(path, bytes.clone())?;
    // A reference is taken as somebody wrote it: one that came about by `$NAME` could carry a secret to a store.
    let is_mixed = |value: &str| holds_reference(value) && !(is_reference(value) && references.contains(value));
    match values.iter().find(|(_, value)| is_mixed(value.expose())) {
        Some((name, _)) => Err(EnvFileError::Mixed { path: path.display().to_string(), name: name.clone() }),
        None => Ok(values),
    }
}

/// `ref+BACKEND://` stands somewhere in the value.
fn holds_reference(value: &str) -> bool {
    let starts = value.match_indices("ref+").map(|(at, _)| &value[at + "ref+".len()..]);
    starts.filter_map(|rest| rest.split_once("://")).any(|(backend, _)| {
        !backend.is_empty() && backend.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    })
}

fn values_of(path: &Path, bytes: Vec<u8>) -> Result<Vec<(String, Secret)>, EnvFileError> {
    let text = String::from_utf8(bytes).map_err(|_| EnvFileError::NoText { path: path.display().to_string() })?;
    values(&text).map_err(|line| EnvFileError::Broken { path: path.display().to_string(), line })
}

/// All variables, or the line that cannot be read.
fn values(text: &str) -> Result<Vec<(String, Secret)>, usize> {
    let mut all: Vec<(String, Secret)> = Vec::new();
    let mut names = HashSet::new();
    for pair in dotenvy::from_read_iter(references_as_written(text).trim_start_matches('\u{feff}').as_bytes()) {
        let (name, value) = pair.map_err(|_| broken_line(text).unwrap_or(1))?;
        if names.insert(name.clone()) {
            all.push((name, Secret::new(value)));
        }
    }
    Ok(all)
}

/// The text in which `$` stands for itself in each line that is a reference: what a store is asked for holds no variable.
fn references_as_written(text: &str) -> String {
    let is_reference = |value: &str| value.starts_with("ref+") || value.starts_with("secretref+");
    let lines = env_lines(text);
    let spans = lines.iter().filter(|_| text.contains('$')).map(|line| env_value_span(text, line));
    let mut written = String::with_capacity(text.len());
    let mut at = 0;
    // Nothing is expanded between single quotes, and a backslash stands for itself there.
    let expanded = |start: usize| !text[..start].ends_with('\'');
    for span in spans.filter(|it| is_reference(&text[it.range()]) && expanded(it.start as usize)) {
        let (start, end) = (span.start as usize, span.end as usize);
        written.push_str(&text[at..start]);
        let mut escaped = false;
        for c in text[start..end].chars() {
            if c == '$' && !escaped {
                written.push('\\');
            }
            escaped = c == '\\' && !escaped;
            written.push(c);
        }
        at = end;
    }
    written.push_str(&text[at..]);
    written
}

/// The first line, from 1, at which dotenvy stops.
pub(super) fn broken_line(text: &str) -> Option<usize> {
    let text = text.trim_start_matches('\u{feff}');
    let reads = |text: &str| dotenvy::from_read_iter(text.as_bytes()).all(|it| it.is_ok());
    if reads(text) {
        return None;
    }
    let ends = text.match_indices('\n').map(|(at, _)| at + 1).chain([text.len()]);
    ends.enumerate().find(|(_, end)| !reads(&text[..*end])).map(|(at, _)| at + 1)
}

fn appended(text: &str, line: &str) -> Edit {
    let ending = line_ending(text);
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
    Edit::insert(text.len(), format!("{gap}{line}{ending}"))
}

/// A value as a line holds it, so that every loader reads it back; `None` where none does.
pub fn env_value_written(value: &str) -> Option<String> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if value.starts_with("ref+") && !value.contains(['"', '\\', '$', '\n']) {
        return Some(format!("\"{value}\""));
    }
    if value.is_empty() || value.contains(['\n', '\r', '\0', '$', '`']) {
        return None;
    }
    if value.chars().all(bare) {
        return Some(value.to_owned());
    }
    if !value.contains(['"', '\\']) {
        return Some(format!("\"{value}\""));
    }
    (!value.contains(['\'', '\\'])).then(|| format!("'{value}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: Option<&str>, name: &str, value: &str) -> Result<String, EnvFileError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(".env");
        if let Some(before) = before {
            std::fs::write(&path, before).expect("written");
        }
        write_variable(folder.path(), &path, name, &Secret::new(value))?;
        Ok(std::fs::read_to_string(&path).expect("read"))
    }

    #[test]
    fn lines_are_added_and_no_other_changes() {
        assert_eq!(after(None, "A", "x").expect("written"), "A=x\n");
        assert_eq!(after(Some("# c\r\nB=1"), "A", "x").expect("written"), "# c\r\nB=1\r\nA=x\r\n");
        assert_eq!(after(Some("A=\nB=1\n"), "A", "x").expect("written"), "A=x\nB=1\n");
        assert_eq!(after(Some("export A=x # yes\n"), "A", "x").expect("written"), "export A=x # yes\n");
        assert_eq!(after(None, "A", "two words").expect("written"), "A=\"two words\"\n");
    }

    #[test]
    fn a_reference_holds_no_variable() {
        let text = "A=1\nB=ref+vault://kv/x/${A}#/f\nC=\"ref+vault://$A\"\nD='ref+vault://$A'\nE=${A}2\nF=$B\n";
        let values = values(text).expect("it can be read");
        let values: Vec<&str> = values.iter().map(|(_, value)| value.expose()).collect();
        let b = "ref+vault://kv/x/${A}#/f";
        assert_eq!(values, ["1", b, "ref+vault://$A", "ref+vault://$A", "12", b]);
    }

    #[test]
    fn a_program_gets_no_half_reference() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(".env");
        let run = |text: &str| {
            std::fs::write(&path, text).expect("written");
            values_to_run_with(&path).map_err(|error| error.to_string())
        };
        let whole = "A=\"ref+age://.aikeys/secrets.age#/A\"\nB=$A\n";
        assert_eq!(run(whole).expect("whole references").len(), 2);
        for more in ["B=\"Bearer ${A}\"", "P=ref+vault\nB=${P}://kv/$A", "P=ref+vault\nS=s\nB=${P}://kv/$S"] {
            let error = run(&format!("{whole}C=1\n").replace("B=$A", more)).expect_err("a mixture");
            assert!(error.contains("value of B"), "{more}: {error}");
        }
    }

    #[test]
    fn other_values_and_broken_files_are_refused_without_the_value() {
        for (before, value) in [("A=other\n", "x"), ("what is this\n", "x"), ("", "a$b"), ("", "a\nb")] {
            let error = after(Some(before), "A", value).expect_err("refused").to_string();
            assert!(!error.contains("other") || error.contains("another value"), "{error}");
            assert!(!error.contains("what is"), "{error}");
        }
    }
}
