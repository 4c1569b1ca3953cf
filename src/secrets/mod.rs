//! What a key is: providers, shapes, placeholders, fingerprints, references.
//!
//! Pure. Knows text, and neither trees nor files.

mod assembled;
mod candidates;
mod catalogue;
mod dotenv;
mod escapes;
mod fingerprint;
mod forms;
mod grammar;
mod names;
mod opens;
mod placeholder;
mod provider;
mod public;
mod reads;
mod reference;
mod sample;
mod scan;
mod secret;
mod shown;
mod strength;
mod words;

pub use assembled::{Assembled, How, Words, encoded, first_pieces, may_hold_pieces};
pub use candidates::{ambiguous, slot_candidates, speaks, unnamed_candidates};
pub use catalogue::{Catalogue, CatalogueError, ShapeId};
pub use dotenv::{
    EnvLine, EnvLines, env_line_at, env_lines, env_value, env_value_span, is_app_secrets, is_env_file, is_env_template,
};
pub use escapes::{ends_colour, ends_escape, starts_colour};
pub use fingerprint::{Fingerprint, Identity, fingerprint, identity, weak_fingerprint};
pub use forms::{Form, Forms, Sighted};
pub use grammar::{Malformed, malformed, references_in};
pub use opens::{Opens, host_of};
pub use placeholder::{Placeholder, classify};
pub use provider::{Boundary, Class, Client, Confidence, Format, KeyApi, Level, Provider, Shape, Validate, hosts_in};
pub use public::is_public_name;
pub use reads::{EnvWords, variables_built};
pub use reference::{SecretRef, is_reference};
pub use sample::{sample, sample_shape};
pub use scan::{Token, is_likely, runs, scan, scan_runs, token_at};
pub use secret::{Secret, redact};
pub use shown::{discreet, slashed, suspicious, visible, without_keys};
pub use strength::{SHORTEST_SECRET, looks_generated, looks_secret};
pub use words::{has_word, nearest_name};
