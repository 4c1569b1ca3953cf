//! Languages, documents and facts: what stands where in a file, in no language's own words.
//!
//! All that is known about a language lies in `grammars/`; this module only reads it. Knows text, and not what a key is.

mod collect;
mod document;
mod facts;
mod folding;
mod joins;
mod language;
mod literal;

pub use collect::VOCABULARY;
pub use document::{Document, LONGEST_LINE};
pub use facts::{Fact, Facts};
pub use folding::{Folded, UNKNOWN, folded, folded_at};
pub(crate) use language::glob;
pub use language::{Browser, Idiom, Language, Loader, Part, Reader, Reading, Settings};
