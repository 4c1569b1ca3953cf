//! Where names stand in a text.

use super::Span;

/// Where each name of a text stands: maximal runs of letters, digits, `_` and what is no ASCII.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The hash of each name and where it begins, sorted.
    places: Vec<(u32, u32)>,
}

impl Names {
    /// Reads a text once.
    pub fn new(text: &str) -> Names {
        let bytes = text.as_bytes();
        let mut places = Vec::new();
        let mut at = 0;
        while let Some(start) = bytes[at..].iter().position(|&byte| is_part(byte)) {
            let name = part(&bytes[at + start..]);
            places.push((hash(name), (at + start) as u32));
            at += start + name.len();
        }
        places.sort_unstable();
        Names { places }
    }

    /// Where `name` stands within `scope` of `text`, the text that this was made of, in order.
    pub fn find<'n>(&'n self, text: &'n str, name: &'n str, scope: Span) -> impl Iterator<Item = Span> + 'n {
        let hash = hash(name.as_bytes());
        let first = self.places.partition_point(|&place| place < (hash, scope.start));
        let same = self.places[first..].iter().take_while(move |&&place| place < (hash, scope.end));
        let starts = same.map(|&(_, start)| start as usize);
        let whole = starts.filter(move |&start| part(&text.as_bytes()[start..]) == name.as_bytes());
        whole.map(move |start| Span::new(start, start + name.len()))
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The name that `bytes` begin with.
fn part(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&byte| !is_part(byte)).unwrap_or(bytes.len())]
}

/// FNV-1a.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |hash: u32, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole_and_in_their_scope() {
        let text = "key = KEY; my_key(key, \"key\") größe key2 key";
        let names = Names::new(text);
        let found = |name, scope| names.find(text, name, scope).map(|it| it.start).collect::<Vec<_>>();
        let all = Span::new(0, text.len());
        assert_eq!(found("key", all), [0, 18, 24, 43]);
        assert_eq!(found("key", Span::new(1, 20)), [18]);
        assert_eq!(found("größe", all), [30]);
        assert_eq!(found("gr", all), [0; 0]);
        assert_eq!(Names::new("").find("", "x", Span::at(0)).count(), 0);
    }
}
