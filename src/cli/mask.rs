//! Secrets in a stream of bytes become `<NAME>`, wherever the pieces of the stream begin and end.

use aho_corasick::AhoCorasick;
use anyhow::Context;

use super::run::Source;
use crate::secrets::{Catalogue, Secret, looks_generated, looks_secret};

/// What is masked, and what of the stream is not decided yet.
pub(super) struct Mask {
    words: Vec<(String, Secret)>,
    finder: AhoCorasick,
    held: Vec<u8>,
    /// So many bytes of those that are held belong to secrets that are shown as names already.
    covered: usize,
}

/// Shorter values would be found everywhere.
pub(super) const SHORTEST: usize = 6;

/// What of a program's variables must not be printed.
pub(super) fn secrets_of(catalogue: &Catalogue, values: &[(String, Secret, Source)]) -> Vec<(String, Secret)> {
    let mut secrets = Vec::new();
    for (name, value, source) in values {
        let text = value.expose();
        let is_secret = *source == Source::Store || catalogue.is_secret_name(name) || says_secret(name);
        if is_secret || looks_secret(catalogue, text) || looks_generated(text) {
            secrets.push((name.clone(), value.clone()));
        }
        secrets.extend(password_in(text).map(|it| (name.clone(), Secret::new(it))));
    }
    secrets
}

/// Names of passwords and the like, which the catalogue of AI keys does not know.
fn says_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words = ["PASSWORD", "PASSWD", "PASSPHRASE", "PRIVATE", "CREDENTIAL", "SECRET"];
    words.iter().any(|word| name.contains(word)) || name.split('_').any(|part| matches!(part, "PASS" | "PWD"))
}

/// The password in an address, `postgres://user:password@host`.
fn password_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let (user, _) = host.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

impl Mask {
    /// Masks these secrets, by their variables; of one with several lines each long line.
    pub(super) fn new(secrets: &[(String, Secret)]) -> anyhow::Result<Mask> {
        let mut words: Vec<(String, Secret)> = Vec::new();
        for (name, secret) in secrets {
            let lines = secret.expose().lines().filter(|_| secret.expose().contains('\n')).map(Secret::new);
            let all = std::iter::once(secret.clone()).chain(lines);
            words.extend(all.filter(|it| it.expose().len() >= SHORTEST).map(|it| (name.clone(), it)));
        }
        let finder = AhoCorasick::new(words.iter().map(|(_, word)| word.expose()));
        let finder = finder.context("these are too many secrets to mask")?;
        Ok(Mask { words, finder, held: Vec::new(), covered: 0 })
    }

    /// What can be shown now that these bytes came.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.shown(self.decided())
    }

    /// What is left at the stream's end: nothing more comes.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        self.shown(self.held.len())
    }

    /// So many bytes: behind them a secret may begin that has not come to its end.
    fn decided(&self) -> usize {
        let longest = self.words.iter().map(|(_, word)| word.expose().len()).max().unwrap_or(0);
        let begins = |at: &usize| {
            let rest = &self.held[*at..];
            let mut words = self.words.iter().map(|(_, word)| word.expose().as_bytes());
            words.any(|word| word.len() > rest.len() && word[0] == rest[0] && word.starts_with(rest))
        };
        let end = self.held.len();
        ((end + 1).saturating_sub(longest.max(1))..end).find(begins).unwrap_or(end)
    }

    /// The first bytes that are held, masked; they are held no longer. Of secrets that overlap all names are shown.
    fn shown(&mut self, until: usize) -> Vec<u8> {
        let found = self.finder.find_overlapping_iter(&self.held).filter(|it| it.start() < until);
        let mut found: Vec<_> = found.map(|it| (it.start(), it.end(), it.pattern().as_usize())).collect();
        found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let mut shown = Vec::new();
        for (start, end, word) in found {
            if end > self.covered {
                shown.extend_from_slice(self.held.get(self.covered..start).unwrap_or_default());
                shown.extend(format!("<{}>", self.words[word].0).bytes());
                self.covered = end;
            }
        }
        shown.extend_from_slice(self.held.get(self.covered..until).unwrap_or_default());
        self.covered = self.covered.saturating_sub(until);
        self.held.drain(..until);
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(pieces: &[&str]) -> String {
        let secret = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
        let secrets = [
            secret("A", "abcabcabd"),
            secret("B", "abcabc"),
            secret("C", "line one\nline two"),
            secret("D", "x"),
            secret("E", "first-second"),
            secret("F", "second-third"),
        ];
        let mut mask = Mask::new(&secrets).expect("a mask");
        let mut shown: Vec<u8> = pieces.iter().flat_map(|piece| mask.take(piece.as_bytes())).collect();
        shown.extend(mask.rest());
        String::from_utf8(shown).expect("text")
    }

    #[test]
    fn secrets_are_masked_wherever_the_stream_is_cut() {
        let text = "x abcabcabcabd. abcabc; line one\nline two: line two\nfirst-second-third abcab";
        let whole = masked(&[text]);
        assert_eq!(whole, "x <B><A>. <B>; <C>: <C>\n<E><F> abcab");
        for cut in 0..=text.len() {
            assert_eq!(masked(&[&text[..cut], &text[cut..]]), whole, "{cut}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(masked(&letters.iter().map(String::as_str).collect::<Vec<_>>()), whole);
    }

    #[test]
    fn passwords_are_secrets_and_settings_are_not() {
        let catalogue = Catalogue::built_in();
        let of = |name: &str, value: &str| {
            let found = secrets_of(catalogue, &[(name.to_owned(), Secret::new(value), Source::Plain)]);
            found.into_iter().map(|(_, secret)| secret.expose().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("DB_PASSWORD", "correct horse"), ["correct horse"]);
        assert_eq!(of("DB_PASS", "correct"), ["correct"]);
        assert_eq!(of("DATABASE_URL", "postgres://me:horses@db/app?x=a@b"), ["horses"]);
        assert_eq!(of("COMPASS", "northwest"), [""; 0]);
        assert_eq!(of("HOMEPAGE", "https://example.org/a:b@c"), [""; 0]);
        assert_eq!(of("LOG_LEVEL", "information"), [""; 0]);
    }
}
