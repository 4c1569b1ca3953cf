//! Who may read an encrypted store: the public keys of `recipients.txt`, and those that the file was encrypted to.

use std::path::Path;
use std::str::FromStr;

use age::x25519::Recipient;

use super::StoreError;
use crate::project::read_small;

/// Somebody who may read a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The public key.
    pub key: String,
    /// What the list says of it: the comment above it.
    pub name: Option<String>,
}

impl Reader {
    /// A reader with this public key; what is none is said.
    pub fn parse(text: &str) -> Result<Reader, &'static str> {
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err("this is a private key, which nobody else may see: make a new identity, and give its public \
                        key (`age1…`)");
        }
        match Recipient::from_str(text) {
            Ok(_) => Ok(Reader { key: text.to_owned(), name: None }),
            Err(_) => {
                Err("this is no public key of age: they begin with `age1`, and `aikeys-lsp store init` shows one")
            }
        }
    }

    pub(super) fn recipient(&self) -> Option<Recipient> {
        Recipient::from_str(&self.key).ok()
    }
}

/// The readers that a list names, each once; an error names its line.
pub fn readers(text: &str) -> Result<Vec<Reader>, (usize, &'static str)> {
    let mut all: Vec<Reader> = Vec::new();
    let mut name = None;
    for (at, line) in text.lines().map(str::trim).enumerate() {
        match line.strip_prefix('#') {
            Some(comment) => name = Some(comment.trim().to_owned()).filter(|it| !it.is_empty()),
            None if line.is_empty() => name = None,
            None => {
                let reader = Reader { name: name.take(), ..Reader::parse(line).map_err(|what| (at + 1, what))? };
                if !all.iter().any(|it| it.key == reader.key) {
                    all.push(reader);
                }
            }
        }
    }
    Ok(all)
}

/// The list at `path` in the workspace `root`; its text as well, and nobody where it is not there.
pub(super) fn listed(root: &Path, path: &Path) -> Result<(Option<Vec<u8>>, Vec<Reader>), StoreError> {
    let Some(bytes) = read_small(&root.join(path))? else { return Ok((None, Vec::new())) };
    let text = String::from_utf8_lossy(&bytes);
    let wrong = |(line, what)| StoreError::Unavailable(format!("{}, line {line}: {what}", path.display()));
    let readers = readers(&text).map_err(wrong)?;
    Ok((Some(bytes), readers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> String {
        age::x25519::Identity::generate().to_public().to_string()
    }

    #[test]
    fn lists_are_read_with_their_names() {
        let (a, b) = (public(), public());
        let text = format!("# who may read\n\n# Ann's laptop\r\n{a}\r\n  {b}  \n{a}\n");
        let found = readers(&text).expect("a list");
        assert_eq!(found, [Reader { key: a, name: Some("Ann's laptop".to_owned()) }, Reader { key: b, name: None }]);
    }

    #[test]
    fn what_is_no_public_key_is_named_by_its_line() {
        let private = age::x25519::Identity::generate().to_string();
        let private = secrecy::ExposeSecret::expose_secret(&private);
        let (line, what) = readers(&format!("{}\n{private}\n", public())).expect_err("a private key");
        assert!(line == 2 && what.contains("private key"), "{line} {what}");
        let (line, what) = readers("# a\nssh-ed25519 AAAA\n").expect_err("another kind");
        assert!(line == 2 && what.contains("no public key of age"), "{line} {what}");
    }
}
