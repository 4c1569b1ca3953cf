//! Keys that code puts together: what may be replaced as a whole, and what is only a part.

use super::prose::is_prose;
use crate::secrets::{
    Assembled, Catalogue, How, Secret, Words, encoded, ends_colour, is_likely, may_hold_pieces, runs, scan,
    starts_colour,
};
use crate::syntax::{Document, Fact, Folded, folded, folded_at};
use crate::text::{Disjoint, Span};

/// Every key in `doc` that is put together or decoded, in order; `runs` are those of its text.
pub fn assembled(catalogue: &Catalogue, doc: &Document, runs: &[Span]) -> Vec<Assembled> {
    let text = doc.text().as_bytes();
    let mut found = encoded(catalogue, text, runs);
    let words = doc.language().map(|it| if it.shell { Words::Bare } else { Words::Quoted });
    if words.is_some_and(|words| may_hold_pieces(catalogue, text, words)) {
        found.extend(folded(doc).iter().filter_map(|folded| in_pieces(catalogue, doc, folded)));
    }
    found.sort_by_key(|it| (it.span.start, std::cmp::Reverse(it.span.end)));
    let mut taken = Disjoint::default();
    found.retain(|it| taken.add(it.span));
    found
}

/// The key that a text in pieces makes, and that no piece is by itself.
fn in_pieces(catalogue: &Catalogue, doc: &Document, folded: &Folded) -> Option<Assembled> {
    let text = folded.text.as_bytes();
    let token = scan(catalogue, text).into_iter().find(|token| is_likely(catalogue, text, token));
    let Some(token) = token else {
        let encoded = encoded(catalogue, text, &runs(text)).pop()?;
        return Some(Assembled { span: folded.span, ..encoded });
    };
    let (start, end) = (token.span.range().start, token.span.range().end);
    let key = &folded.text[start..end];
    // What stands somewhere as a whole is found there.
    (!doc.text().contains(key)).then(|| Assembled {
        span: folded.span,
        shape: token.shape,
        key: Secret::new(key),
        how: How::Pieces,
        exact: folded.literal && token.span.len() == text.len(),
        doubtful: token.needs_context,
    })
}

/// The key at `span`: what stands there, or what its pieces make.
pub fn key_at(doc: &Document, span: Span) -> Secret {
    if let Some((code, inner)) = doc.injection_at(span) {
        return key_at(code.doc(), inner);
    }
    let whole = || doc.facts().literal_at(span).is_none().then(|| folded_at(doc, span)).flatten();
    // What stands in a line as it is needs no look at the tree.
    let quoted = doc.slice(span).contains(['"', '\'']);
    quoted.then(whole).flatten().map_or_else(|| Secret::new(doc.slice(span)), |folded| Secret::new(&folded.text))
}

/// The pieces are the whole of an expression of code: no text around them, in no comment, in no other literal.
pub fn is_joined(doc: &Document, pieces: Span) -> bool {
    let inside = doc.facts().around(pieces).any(|fact| match fact {
        Fact::Literal { .. } | Fact::Comment { .. } | Fact::Template { .. } => true,
        Fact::Within { idiom, .. } => idiom == "docstring" || idiom == "pattern",
        _ => false,
    });
    !inside && !is_prose(doc, doc.facts(), pieces) && joined(doc, pieces).is_some()
}

/// The expression whose literals are the pieces of a key, and nothing else.
pub(super) fn joined(doc: &Document, pieces: Span) -> Option<Span> {
    let whole = doc.facts().around(pieces).find_map(|fact| match *fact {
        Fact::Joined { span } => Some(span),
        _ => None,
    })?;
    let (before, behind) = (Span { end: pieces.start, ..whole }, Span { start: pieces.end, ..whole });
    let mut words = [before, behind].into_iter().flat_map(|span| doc.slice(span).split(|c: char| !c.is_alphanumeric()));
    words.all(|word| word.is_empty() || ["join", "concat"].contains(&word)).then_some(whole)
}

/// Why the text at `secret` is rather a part of a key, or of a value that is written or read elsewhere.
pub(super) fn is_partial(doc: &Document, literal: Span, secret: Span) -> Option<String> {
    let text = doc.text();
    let (before, behind) = (&text[..secret.start as usize], &text[secret.end as usize..]);
    let glued =
        "this is a part of a value that code puts together: put the whole key into .env, and read it in its place";
    let closes = ["\\n", "\\r", "\\t", "\\\"", "\\'"].iter().any(|it| behind.starts_with(it));
    let (coloured, closes) = (ends_colour(before.as_bytes()), closes || starts_colour(behind));
    if before.ends_with(['\\', '}', '%']) && !coloured || behind.starts_with(['{', '\\']) && !closes {
        return Some(glued.to_owned());
    }
    let bound = doc.facts().bindings_around(literal).into_iter().next();
    let grows = |name: &str| [" += ", ".push_str("].iter().any(|adds| text.contains(&format!("{name}{adds}")));
    if bound.is_some_and(|(name, _)| grows(doc.slice(name))) {
        return Some(glued.to_owned());
    }
    let written = doc.facts().around(literal).any(|fact| match *fact {
        Fact::EnvWrite { value, .. } => value.contains(literal),
        _ => false,
    });
    let (_, inner) = doc.facts().literal_at(secret)?;
    if written && inner != secret {
        return Some(glued.to_owned());
    }
    let whole = doc.facts().around(literal).filter_map(|fact| match *fact {
        Fact::Joined { span } if span != literal => Some(span),
        _ => None,
    });
    let whole = whole.last()?;
    let mut beside = doc.facts().within(whole).filter_map(|fact| match *fact {
        Fact::Literal { span, value } if !literal.contains(span) => Some((span, doc.slice(value))),
        _ => None,
    });
    let glues = |(span, other): (Span, &str)| {
        let ends = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if span.start < literal.start { other.ends_with(ends) } else { other.starts_with(ends) }
    };
    let set = doc.facts().around(literal).any(|fact| match *fact {
        Fact::EnvWrite { value, .. } => value.contains(whole),
        Fact::EnvRead { default: Some(default), .. } => default.contains(whole),
        _ => false,
    });
    (set || beside.any(glues)).then(|| glued.to_owned())
}
