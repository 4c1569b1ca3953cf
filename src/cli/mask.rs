//! Secrets in a stream of bytes become `<NAME>`, wherever the pieces of the stream begin and end.

use crate::secrets::Secret;

/// What is masked, and what of the stream is not decided yet.
pub(super) struct Mask {
    /// The longest first: one secret can begin with another.
    words: Vec<(String, Secret)>,
    held: Vec<u8>,
}

/// Shorter values would be found everywhere.
const SHORTEST: usize = 6;

impl Mask {
    /// Masks these secrets, by their variables; of one with several lines each long line.
    pub(super) fn new(secrets: &[(String, Secret)]) -> Mask {
        let mut words: Vec<(String, Secret)> = Vec::new();
        for (name, secret) in secrets {
            let lines = secret.expose().lines().filter(|_| secret.expose().contains('\n')).map(Secret::new);
            let all = std::iter::once(secret.clone()).chain(lines);
            words.extend(all.filter(|it| it.expose().len() >= SHORTEST).map(|it| (name.clone(), it)));
        }
        words.sort_by_key(|(_, secret)| std::cmp::Reverse(secret.expose().len()));
        Mask { words, held: Vec::new() }
    }

    /// What can be shown now that these bytes came.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let (shown, seen) = self.shown(|rest, than| self.longer_may_come(rest, than));
        self.held.drain(..seen);
        shown
    }

    /// What is left at the stream's end: nothing more comes.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        let (shown, _) = self.shown(|_, _| false);
        self.held.clear();
        shown
    }

    /// The bytes that are held, masked, and how many of them that are.
    fn shown(&self, waits: impl Fn(&[u8], usize) -> bool) -> (Vec<u8>, usize) {
        let mut shown = Vec::new();
        let mut at = 0;
        while at < self.held.len() {
            let rest = &self.held[at..];
            let found = self.words.iter().find(|(_, word)| rest.starts_with(word.expose().as_bytes()));
            let length = found.map_or(0, |(_, word)| word.expose().len());
            // A longer secret may still come of it.
            if waits(rest, length) {
                break;
            }
            match found {
                Some((name, _)) => shown.extend(format!("<{name}>").bytes()),
                None => shown.push(rest[0]),
            }
            at += length.max(1);
        }
        (shown, at)
    }

    /// The bytes are the beginning of a secret that is longer than `than`.
    fn longer_may_come(&self, bytes: &[u8], than: usize) -> bool {
        let begins = |word: &str| word.len() > bytes.len() && word.as_bytes().starts_with(bytes);
        self.words.iter().any(|(_, word)| word.expose().len() > than && begins(word.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(pieces: &[&str]) -> String {
        let secret = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
        let secrets =
            [secret("A", "abcabcabd"), secret("B", "abcabc"), secret("C", "line one\nline two"), secret("D", "x")];
        let mut mask = Mask::new(&secrets);
        let mut shown: Vec<u8> = pieces.iter().flat_map(|piece| mask.take(piece.as_bytes())).collect();
        shown.extend(mask.rest());
        String::from_utf8(shown).expect("text")
    }

    #[test]
    fn secrets_are_masked_wherever_the_stream_is_cut() {
        let text = "x abcabcabcabd. abcabc; line one\nline two: line two\nabcab";
        let whole = masked(&[text]);
        assert_eq!(whole, "x <B>abcabd. <B>; <C>: <C>\nabcab");
        for cut in 0..=text.len() {
            assert_eq!(masked(&[&text[..cut], &text[cut..]]), whole, "{cut}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(masked(&letters.iter().map(String::as_str).collect::<Vec<_>>()), whole);
    }
}
