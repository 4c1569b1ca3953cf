//! Where one of many words stands, quickly.

use std::ops::Range;

/// How many bytes of a word are asked for first; shorter words are never found.
pub(super) const HEAD: usize = 3;

/// Words, each with what it stands for.
///
/// They are few beside the text: one look into a small table of hashes tells nearly always that none begins here. An
/// automaton of them is larger than the cache (measured: four times as slow).
#[derive(Debug)]
pub(super) struct Words<T> {
    /// A bit for each hash of a head.
    heads: Vec<u64>,
    /// For each hash, which of `words` begin so: 0 is none.
    places: Vec<u16>,
    words: Vec<Vec<(Vec<u8>, T)>>,
}

/// A word that stands in a text.
pub(super) struct Hit<'w, T> {
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// What it stands for.
    pub(super) of: &'w T,
}

impl<T> Words<T> {
    /// As they are written: capitals count.
    pub(super) fn new(words: impl IntoIterator<Item = (String, T)>) -> Words<T> {
        let mut new = Words { heads: vec![0; 1 << (BITS - 6)], places: vec![0; 1 << BITS], words: vec![Vec::new()] };
        for (text, of) in words {
            let Some(&head) = text.as_bytes().first_chunk() else { continue };
            let hash = hash(head);
            new.heads[hash >> 6] |= 1 << (hash & 63);
            if new.places[hash] == 0 {
                new.places[hash] = new.words.len() as u16;
                new.words.push(Vec::new());
            }
            new.words[usize::from(new.places[hash])].push((text.into_bytes(), of));
        }
        new
    }

    /// Every word in `text`, by its start.
    pub(super) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Hit<'a, T>> {
        let places = text.windows(HEAD).enumerate().filter(|(_, head)| self.has(hash([head[0], head[1], head[2]])));
        places.flat_map(move |(start, _)| self.at(text, start))
    }

    fn has(&self, hash: usize) -> bool {
        self.heads[hash >> 6] & 1 << (hash & 63) != 0
    }

    /// Every word that begins at `start`.
    pub(super) fn at<'a>(&'a self, text: &'a [u8], start: usize) -> impl Iterator<Item = Hit<'a, T>> {
        let here = self.same(text, start).iter().filter(move |(word, _)| text[start..].starts_with(word));
        here.map(move |(word, of)| Hit { start, end: start + word.len(), of })
    }

    /// Every word whose head may stand at `start`.
    pub(super) fn alike<'a>(&'a self, text: &[u8], start: usize) -> impl Iterator<Item = &'a [u8]> {
        self.same(text, start).iter().map(|(word, _)| word.as_slice())
    }

    fn same(&self, text: &[u8], start: usize) -> &[(Vec<u8>, T)] {
        let head = text[start..].first_chunk().map(|&head| hash(head));
        head.filter(|&hash| self.has(hash)).map_or(&[][..], |hash| &self.words[usize::from(self.places[hash])])
    }
}

/// The length of a hash.
const BITS: usize = 16;

fn hash([first, second, third]: [u8; HEAD]) -> usize {
    let head = u32::from_le_bytes([first, second, third, 0]);
    (head.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

/// `word`, in small letters, stands in `text`, however that is written; a short one, or one of parts, is no piece of
/// others: `ngc` speaks of a provider, `langchain` does not, and `ngcKey` and `ngc_key` are two words.
pub fn has_word(text: &str, word: &str) -> bool {
    let joins = |left: Option<char>, right: Option<char>| {
        let letters = left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric);
        letters && !(left.is_some_and(char::is_lowercase) && right.is_some_and(char::is_uppercase))
    };
    let cut = |at: usize| joins(text[..at].chars().next_back(), text[at..].chars().next());
    let alone = word.len() <= SHORT || word.contains(['_', '-', '.']);
    let lower = text.to_ascii_lowercase();
    lower.match_indices(word).any(|(at, _)| !alone || !cut(at) && !cut(at + word.len()))
}

/// The last name in `text`: letters, digits, `_` and `-`. The letter of an escape, as in `\nNAME=`, is no part of it.
pub fn nearest_name(text: &str) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let bytes = text.as_bytes();
    let end = bytes.iter().rposition(|&byte| is_part(byte))? + 1;
    let start = bytes[..end].iter().rposition(|&byte| !is_part(byte)).map_or(0, |at| at + 1);
    let is_escape = bytes[..start].ends_with(b"\\") && is_escape_letter(bytes[start]);
    Some(start + usize::from(is_escape && start + 1 < end)..end)
}

/// Behind a `\` it stands for a line's end or a tab.
pub(super) fn is_escape_letter(byte: u8) -> bool {
    matches!(byte, b'n' | b'r' | b't')
}

/// The longest word that longer ones hold by chance.
const SHORT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_stand_alone() {
        assert!(has_word("my_ngc_key", "ngc") && has_word("roboflowkey", "roboflow"));
        assert!(has_word("myNgcKey", "ngc") && has_word("WX_API_KEY", "wx_"));
        assert!(!has_word("langchain_key", "ngc") && !has_word("NGCHANNEL", "ngc"));
        assert!(!has_word("newco_api_key", "co_api"));
    }

    #[test]
    fn names_stand_before_their_values() {
        let nearest = |text: &str| nearest_name(text).map(|it| text[it].to_owned());
        assert_eq!(nearest("a KEY = \""), Some("KEY".to_owned()));
        assert_eq!(nearest("a=1\\nKEY="), Some("KEY".to_owned()));
        assert_eq!(nearest("--api-key=\""), Some("--api-key".to_owned()));
        assert_eq!(nearest("größe: "), Some("e".to_owned()));
        assert_eq!(nearest(" = ("), None);
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        let words =
            Words::new([("abc", 1), ("abcd", 2), ("bcd", 3), ("no", 4)].map(|(word, of)| (word.to_owned(), of)));
        let hits: Vec<_> = words.find(b"abcd no Abc abc").map(|hit| (hit.start, hit.end, *hit.of)).collect();
        assert_eq!(hits, [(0, 3, 1), (0, 4, 2), (1, 4, 3), (12, 15, 1)]);
    }
}
