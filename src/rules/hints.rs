//! Where a text could hold a key, whatever its name: what a check of the history asks of every blob.

use super::context::Context;
use super::env_file_in_git::secret_lines;
use crate::fixes::Surroundings;
use crate::secrets::{
    Catalogue, Words, ambiguous, encoded, first_pieces, runs, scan_runs, slot_candidates, unnamed_candidates,
};
use crate::syntax::Document;
use crate::text::Span;

/// A place that could be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where.
    pub span: Span,
    /// Only in a file that is parsed.
    pub parsed: bool,
}

/// What could be a key in a text.
#[derive(Debug, Default)]
pub struct Hints {
    /// What the rules would look at.
    pub places: Vec<Hint>,
    /// There are more places, which count once the text speaks of a provider somewhere.
    pub latent: bool,
}

/// Every place in a text for which some name of a file makes the rules look at it.
///
/// As [`needs_look`](super::needs_look) without a path, and without what holds no secret.
pub fn hints(catalogue: &Catalogue, text: &[u8]) -> Hints {
    let runs = runs(text);
    let tokens = scan_runs(catalogue, text, &runs).into_iter().map(|token| token.span);
    let encoded = encoded(catalogue, text, &runs).into_iter().map(|it| it.span);
    let ambiguous = ambiguous(catalogue, text, &runs).into_iter().map(|(span, _)| span);
    let distinctive = tokens.chain(encoded).chain(ambiguous).map(|span| Hint { span, parsed: false });
    let slots = slot_candidates(catalogue, text, &runs);
    let pieces = first_pieces(catalogue, text, Words::Bare).map(|at| Span::new(at, at));
    let latent = slots.len() < unnamed_candidates(catalogue, text, &runs).len();
    let placed = slots.into_iter().chain(pieces).map(|span| Hint { span, parsed: true });
    Hints { places: distinctive.chain(placed).collect(), latent }
}

/// A part of a text, of whole lines, has [`hints`] or could give some to the whole.
pub fn has_hint(catalogue: &Catalogue, part: &[u8]) -> bool {
    let runs = runs(part);
    let in_runs = || {
        !scan_runs(catalogue, part, &runs).is_empty()
            || !encoded(catalogue, part, &runs).is_empty()
            || !ambiguous(catalogue, part, &runs).is_empty()
            || !unnamed_candidates(catalogue, part, &runs).is_empty()
    };
    !runs.is_empty() && in_runs() || first_pieces(catalogue, part, Words::Bare).next().is_some()
}

/// The secrets in a file that is made for them: the rules speak of the file, and of none of these.
pub fn kept(doc: &Document, around: &Surroundings) -> Vec<Span> {
    let context = Context::new(doc, around);
    if context.is_env_file() {
        return secret_lines(&context).into_iter().map(|line| line.value).collect();
    }
    if !context.is_app_secrets() {
        return Vec::new();
    }
    let shaped = context.tokens().iter().filter(|token| !context.is_doubtful(token)).map(|token| token.span);
    shaped.chain(context.by_place().iter().map(|finding| finding.span)).collect()
}
