//! Languages, documents and facts: what stands where in a file, in no language's own words.
//!
//! All that is known about a language lies in `grammars/`; this module only reads it. Knows text, and not what a key is.

mod agent_settings;
mod collect;
mod document;
mod env_loader;
mod facts;
mod folding;
mod host;
mod injection;
mod joins;
mod language;
mod launcher;
mod literal;
mod matching;
mod notebook;
mod packager;
mod parse;
mod pipeline;
mod query;
mod reader;
mod shell;
mod starter;
mod tables;
mod types;

pub use agent_settings::AgentSettings;
pub use collect::VOCABULARY;
pub use document::Document;
pub use env_loader::{EnvLoader, Expands, Takes};
pub use facts::{Fact, Facts};
pub use folding::{Folded, UNKNOWN, folded, folded_at};
pub use host::{Host, HostKind, largest};
pub use injection::{Cell, Injection};
pub(crate) use language::glob;
pub use language::{Browser, Idiom, Language, Loader, Part, Reading, Settings};
pub use launcher::{Launch, launches, resolves, tells};
pub use matching::Area;
pub use packager::{Packager, Patterns};
pub use parse::{Parsed, Unparsed};
pub use pipeline::{Does, Pipeline};
pub use query::Query;
pub use reader::{Copies, Declare, Reader, Removal, handed_on};
pub use shell::{Command, Output, Value, Writing, script_commands};
pub use starter::{By, Starter};
pub use tables::{Help, Hot, Objects, Sinks, Unchecked};
pub use types::{Field, KeptOut, Type, Types, Written};

use std::path::Path;

/// The file at `path` is for a shell, or some code in it can be.
pub fn is_shell(path: &Path) -> bool {
    Language::of_path(path).map_or(Host::of_path(path).is_some(), |language| language.shell)
}

/// The file at `path` is parsed, or some code in it.
pub fn is_parsed(path: &Path) -> bool {
    Language::of_path(path).is_some() || Host::of_path(path).is_some()
}
