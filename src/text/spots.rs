//! Where texts that are asked for stand in a text.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;

use super::Span;

/// Where each text stands that was asked for: a question about a part costs nothing like a look through it, however large
/// the part is and however often it is asked.
#[derive(Default)]
pub struct Spots {
    places: Mutex<HashMap<String, Arc<[u32]>>>,
}

impl fmt::Debug for Spots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spots")
    }
}

impl Spots {
    /// `word` stands in `span` of `text`, which is the same at each call.
    pub fn has(&self, text: &str, word: &str, span: Span) -> bool {
        let mut known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let places = match known.get(word) {
            Some(places) => Arc::clone(places),
            None => {
                let found: Arc<[u32]> = memmem::find_iter(text.as_bytes(), word).map(|at| at as u32).collect();
                known.insert(word.to_owned(), Arc::clone(&found));
                found
            }
        };
        drop(known);
        let first = places.get(places.partition_point(|&at| at < span.start));
        first.is_some_and(|&at| at as usize + word.len() <= span.end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_the_parts_that_hold_all_of_it() {
        let (text, spots) = ("größe.local and .local", Spots::default());
        let has = |word, start, end| spots.has(text, word, Span::new(start, end));
        assert!(has(".local", 0, text.len()) && has(".local", 7, 13));
        assert!(!has(".local", 8, text.len() - 1) && !has(".local", 0, 12) && !has(".lan", 0, text.len()));
    }
}
