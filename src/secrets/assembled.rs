//! Keys that stand in no text as they are: in pieces that code puts together, or encoded.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::catalogue::{Catalogue, ShapeId};
use super::scan::{runs, scan};
use super::secret::Secret;
use crate::text::Span;

/// A key that code makes of a place in the text.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// The pieces with their quotes and all between them, or the encoded text.
    pub span: Span,
    /// The shape of the key.
    pub shape: ShapeId,
    /// The key.
    pub key: Secret,
    /// How it is hidden.
    pub how: How,
    /// Literals that make the key and nothing else.
    pub exact: bool,
}

/// How a key is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In pieces.
    Pieces,
    /// As base64.
    Base64,
    /// As hex digits.
    Hex,
}

/// The shortest encoded text that can hold a key.
const ENCODED: usize = 32;
/// So much of a decoded text tells whether it is text at all.
const FIRST: usize = 24;
/// The longest piece that is taken for a prefix alone, and how many pieces a key has at the most on either side.
const SHORT: usize = 16;
const PIECES: usize = 8;
/// The longest text between two pieces, and the longest piece.
const GAP: usize = 80;
const LONGEST: usize = 1000;

/// Every key that is put together or decoded from near `runs`, in order.
pub fn assembled(catalogue: &Catalogue, text: &[u8], runs: &[Span]) -> Vec<Assembled> {
    let mut found: Vec<Assembled> = Vec::new();
    for run in runs {
        let after = found.last().is_none_or(|last| last.span.end <= run.start);
        if let (true, Some(key)) = (after, encoded(catalogue, text, *run).or_else(|| pieces(catalogue, text, *run))) {
            found.push(key);
        }
    }
    found
}

/// The key at `span`: what stands there, or what its pieces make.
pub fn key_at(catalogue: &Catalogue, text: &str, span: Span) -> Secret {
    let start = span.range().start.saturating_sub(GAP);
    let window = &text.as_bytes()[start..text.len().min(span.range().end + GAP)];
    let is_here = |it: &Assembled| it.span.range().start + start == span.range().start && it.span.len() == span.len();
    let found = assembled(catalogue, window, &runs(window)).into_iter().find(is_here);
    found.map_or_else(|| Secret::new(&text[span.range()]), |found| found.key)
}

/// A key in base64 or hex that fills a run.
fn encoded(catalogue: &Catalogue, text: &[u8], run: Span) -> Option<Assembled> {
    let bytes = &text[run.range()];
    if bytes.len() < ENCODED {
        return None;
    }
    let (how, decoded) = match bytes.iter().all(u8::is_ascii_hexdigit) {
        true => (How::Hex, hex(bytes)?),
        false => (How::Base64, base64(bytes)?),
    };
    let token = scan(catalogue, &decoded).into_iter().find(|token| !token.needs_context)?;
    let key = Secret::new(std::str::from_utf8(&decoded[token.span.range()]).ok()?);
    Some(Assembled { span: run, shape: token.shape, key, how, exact: false })
}

fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    static PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
    static FOR_URLS: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
    let engine = if bytes.iter().any(|byte| matches!(byte, b'-' | b'_')) { &FOR_URLS } else { &PLAIN };
    // A last sign alone holds no byte.
    let bytes = if bytes.len() % 4 == 1 { &bytes[..bytes.len() - 1] } else { bytes };
    engine.decode(&bytes[..FIRST]).ok().filter(|first| is_text(first))?;
    engine.decode(bytes).ok()
}

fn hex(bytes: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let decode = |bytes: &[u8]| -> Option<Vec<u8>> {
        bytes.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
    };
    decode(&bytes[..FIRST]).filter(|first| is_text(first))?;
    decode(bytes)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// A piece of a key: a string literal as far as a line shows one, or the name of a constant.
#[derive(Clone, Copy)]
struct Piece {
    /// Where it begins: its first quote, or the name's first letter.
    open: usize,
    /// Its last byte: the last quote, or the name's last letter.
    close: usize,
    /// Where its text begins and ends, which for a name is in another place.
    text: (usize, usize),
}

impl Piece {
    fn content<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.text.0..self.text.1]
    }
}

/// What is sent before a key, in the same text.
const SCHEMES: [&[u8]; 4] = [b"Bearer ", b"Token ", b"Basic ", b"Key "];

fn without_scheme(text: &[u8]) -> &[u8] {
    SCHEMES.iter().find_map(|scheme| text.strip_prefix(*scheme)).unwrap_or(text)
}

/// A key of which a run is one piece: `"sk-" + "…"`, `concat!("sk-", "…")`, `"-".join(["sk", "…"])`, `f"{PREFIX}…"`.
fn pieces(catalogue: &Catalogue, text: &[u8], run: Span) -> Option<Assembled> {
    let start = run.range().start;
    let piece = match start.checked_sub(1).map(|at| text[at])? {
        b'}' => Piece { open: start, ..interpolated(text, start)? },
        _ => {
            let scheme = SCHEMES.iter().find(|scheme| text[..start].ends_with(scheme)).map_or(0, |scheme| scheme.len());
            let open = (start - scheme).checked_sub(1).filter(|&at| is_quote(text[at]))?;
            literal_from(text, open).filter(|it| it.close >= run.range().end)?
        }
    };
    let mut chain = before(text, piece);
    let template = template(text, *chain.first().unwrap_or(&piece));
    // Nearly every literal is alone, or follows one that begins no key.
    let parts: Vec<&[u8]> = chain.iter().map(|it| it.content(text)).chain([piece.content(text)]).collect();
    let head = template
        .map_or(&b""[..], |template| template.split(|&byte| byte == b'{' || byte == b'%').next().unwrap_or(b""));
    let begins = |separator: &&[u8]| {
        let begin: Vec<u8> = [head, &parts.join(*separator)].concat().into_iter().take(3 * SHORT).collect();
        catalogue.anchors.find(without_scheme(&begin)).any(|hit| hit.start == 0)
    };
    if ![&b""[..], b"-", b"_"].iter().any(begins) {
        return None;
    }
    chain.push(piece);
    while let Some(next) = chain.last().filter(|_| chain.len() < PIECES).and_then(|last| after(text, *last)) {
        chain.push(next);
    }
    let (first, last) = (*chain.first()?, *chain.last()?);
    let contents: Vec<&[u8]> = chain.iter().map(|it| it.content(text)).collect();
    let joined = chain.windows(2).all(|pair| gap(text, pair[0], pair[1]) == Some(Gap::Joins));
    let (whole, separator) = match template {
        Some(template) => (filled(template, &contents)?, &b""[..]),
        None if chain.len() < 2 => return None,
        None => {
            let separator = if joined { &b""[..] } else { separator(text, first, last)? };
            (contents.join(separator), separator)
        }
    };
    let token = scan(catalogue, &whole).into_iter().find(|token| !token.needs_context)?;
    // A piece that is a key by itself is found as one.
    let mut start = 0;
    let alone = template.is_none()
        && contents.iter().any(|content| {
            let end = start + content.len();
            let alone = start <= token.span.range().start && token.span.range().end <= end;
            start = end + separator.len();
            alone
        });
    let key = Secret::new(std::str::from_utf8(&whole[token.span.range()]).ok()?);
    let span = Span::new(first.open, last.close + 1);
    // Another text or a named part may not go with the key.
    let literal = |it: &Piece| is_quote(text[it.open]) && it.text.0 == it.open + 1;
    let exact = template.is_none() && token.span.len() == whole.len() && chain.iter().all(literal);
    (!alone).then_some(Assembled { span, shape: token.shape, key, how: How::Pieces, exact })
}

/// The rest of a literal behind `}`.
fn interpolated(text: &[u8], start: usize) -> Option<Piece> {
    let rest = &text[start..text.len().min(start + LONGEST)];
    let end = start + rest.iter().position(|&byte| is_quote(byte) || matches!(byte, b'\n' | b'\\' | b'{'))?;
    is_quote(text[end]).then_some(Piece { open: start, close: end, text: (start, end) })
}

/// The literal with places that a call fills with the pieces that begin at `first`: `"sk-{}".format(`,
/// `format!("{}{}", `, `"%s%s" % (`.
fn template(text: &[u8], first: Piece) -> Option<&[u8]> {
    let head = text[first.open.saturating_sub(GAP)..first.open].trim_ascii_end();
    let head = match head.strip_suffix(b"(").or(head.strip_suffix(b",")).unwrap_or(head).trim_ascii_end() {
        head if head.ends_with(b".format") => &head[..head.len() - b".format".len()],
        head => head.strip_suffix(b"%").unwrap_or(head).trim_ascii_end(),
    };
    let template = last_literal(head)?;
    has_places(template).then_some(template)
}

fn has_places(text: &[u8]) -> bool {
    [&b"{}"[..], b"%s"].iter().any(|place| memchr::memmem::find(text, place).is_some())
}

/// The template with a piece in each place.
fn filled(template: &[u8], pieces: &[&[u8]]) -> Option<Vec<u8>> {
    let template = std::str::from_utf8(template).ok()?.replace("%s", "{}");
    let mut parts = template.split("{}");
    let mut out = parts.next()?.as_bytes().to_vec();
    for (part, piece) in parts.zip(pieces) {
        out.extend_from_slice(piece);
        out.extend_from_slice(part.as_bytes());
    }
    Some(out)
}

/// The constant whose name ends at `end`, with the text that it is given in the same file.
fn constant(text: &[u8], end: usize) -> Option<Piece> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = text[..end].iter().rposition(|byte| !is_part(byte)).map_or(0, |at| at + 1);
    let name = &text[start..end];
    if name.len() < 2 || name[0].is_ascii_digit() {
        return None;
    }
    let defined = memchr::memmem::find_iter(text, name).filter(|&at| at != start).take(PIECES).find_map(|at| {
        let whole = !at.checked_sub(1).is_some_and(|before| is_part(&text[before]));
        let rest = &text[at + name.len()..text.len().min(at + name.len() + GAP)];
        // Perhaps a type stands between.
        let assigned = rest.iter().position(|&byte| byte == b'=' || byte == b'\n').filter(|&at| rest[at] == b'=')?;
        let open = at + name.len() + assigned + 1 + rest[assigned + 1..].iter().position(|&byte| byte != b' ')?;
        let typed = rest[..assigned].iter().all(|byte| is_part(byte) || b" :&'".contains(byte));
        (whole && typed && is_quote(text[open])).then(|| literal_from(text, open)).flatten()
    })?;
    Some(Piece { open: start, close: end - 1, text: defined.text })
}

/// The short pieces right before one, in order.
fn before(text: &[u8], piece: Piece) -> Vec<Piece> {
    let mut chain = Vec::new();
    let mut first = piece;
    while chain.len() < PIECES {
        let Some(previous) = previous(text, first) else { break };
        chain.insert(0, previous);
        first = previous;
    }
    chain
}

fn previous(text: &[u8], piece: Piece) -> Option<Piece> {
    let head = text[..piece.open].trim_ascii_end();
    // `f"{PREFIX}…"`
    if let Some(name) = text[..piece.open].strip_suffix(b"}") {
        let open = name.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
        return (text[open] == b'{').then(|| constant(text, name.len())).flatten().map(|it| Piece { open, ..it });
    }
    // `PREFIX + "…"`
    if let Some(name) = head.strip_suffix(b"+").map(<[u8]>::trim_ascii_end)
        && name.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    {
        return constant(text, name.len());
    }
    let wrapped = head.ends_with(b"from(");
    if !wrapped && !head.last().is_some_and(|&byte| is_quote(byte) || b"+,&\\".contains(&byte)) {
        return None;
    }
    let from = piece.open.saturating_sub(GAP);
    let close = from + text[from..piece.open].iter().rposition(|&byte| is_quote(byte))?;
    let from = close.saturating_sub(SHORT + 1);
    let open = from + text[from..close].iter().rposition(|&byte| byte == text[close])?;
    let previous = Piece { open, close, text: (open + 1, close) };
    let content = previous.content(text);
    let fits = !content.is_empty()
        && !content.contains(&b'\n')
        && !has_places(content)
        && gap(text, previous, piece).is_some();
    fits.then_some(previous)
}

/// The piece right behind one.
fn after(text: &[u8], piece: Piece) -> Option<Piece> {
    let rest = &text[piece.close + 1..text.len().min(piece.close + 1 + GAP)];
    let open = piece.close + 1 + rest.iter().position(|&byte| is_quote(byte))?;
    // An empty one is rather the begin or the end of `"""`.
    let next = literal_from(text, open).filter(|it| it.close > open + 1)?;
    gap(text, piece, next).map(|_| next)
}

/// What stands between two pieces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// Puts them together.
    Joins,
    /// Lists them.
    Lists,
}

fn gap(text: &[u8], left: Piece, right: Piece) -> Option<Gap> {
    let gap = std::str::from_utf8(text.get(left.close + 1..right.open)?).ok()?;
    let mut words = gap.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|it| !it.is_empty());
    const WORDS: [&str; 12] =
        ["to_string", "to_owned", "into", "String", "str", "from", "as_str", "r", "b", "f", "u", "push_str"];
    let plain = gap.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" \t\r\n\\+,&().:_}".contains(&byte));
    let lists = gap.contains(',');
    (plain && words.all(|word| WORDS.contains(&word))).then_some(if lists { Gap::Lists } else { Gap::Joins })
}

/// What a call puts between the pieces of a list: nothing for `concat!(…)`, a text for `"-".join(…)` and `.join("-")`.
fn separator(text: &[u8], first: Piece, last: Piece) -> Option<&[u8]> {
    let head = &text[first.open.saturating_sub(GAP)..first.open];
    let end =
        head.iter().rposition(|byte| !byte.is_ascii_whitespace() && !b"([&".contains(byte)).map_or(0, |at| at + 1);
    let head = &head[..end];
    if head.ends_with(b"concat!") {
        return Some(b"");
    }
    if let Some(before) = head.strip_suffix(b".join") {
        return last_literal(before);
    }
    let tail = text[last.close + 1..text.len().min(last.close + 1 + GAP)].trim_ascii_start();
    let tail = tail.strip_prefix(b",").unwrap_or(tail).trim_ascii_start().strip_prefix(b"]")?;
    if tail.starts_with(b".concat()") {
        return Some(b"");
    }
    let open = tail.strip_prefix(b".join(")?;
    let quote = *open.first().filter(|&&byte| is_quote(byte))?;
    let end = open[1..].iter().position(|&byte| byte == quote)?;
    Some(&open[1..=end])
}

/// The content of the literal that ends a text.
fn last_literal(text: &[u8]) -> Option<&[u8]> {
    let (&quote, content) = text.split_last().filter(|(byte, _)| is_quote(**byte))?;
    let open = content.iter().rposition(|&byte| byte == quote)?;
    Some(&content[open + 1..])
}

/// The literal whose first quote stands at `open`; one line, without escapes.
fn literal_from(text: &[u8], open: usize) -> Option<Piece> {
    let rest = &text[open + 1..text.len().min(open + 1 + LONGEST)];
    let end = rest.iter().position(|&byte| byte == text[open] || matches!(byte, b'\n' | b'\\'))?;
    (rest[end] == text[open]).then_some(Piece { open, close: open + 1 + end, text: (open + 1, open + 1 + end) })
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::sample;

    #[test]
    fn pieces_make_the_key() {
        let catalogue = Catalogue::built_in();
        let key = sample("openai.project", 1).expect("a sample");
        let (a, b) = key.split_at(8);
        let (b1, b2) = b.split_at(60);
        let found = |text: String| {
            let found = assembled(catalogue, text.as_bytes(), &runs(text.as_bytes()));
            assert!(found.len() < 2);
            found.first().is_some_and(|it| it.key.expose() == key)
        };
        assert!(found(format!("key = \"{a}\" + \"{b}\"")));
        let text = format!("größe = 1\nkey = \"{a}\" + \"{b}\"\nother = \"{key}\"\n");
        let pieces = assembled(catalogue, text.as_bytes(), &runs(text.as_bytes()));
        assert_eq!(key_at(catalogue, &text, pieces[0].span).expose(), key);
        let whole = text.rfind(&key).expect("it is there");
        assert_eq!(key_at(catalogue, &text, Span::new(whole, whole + key.len())).expose(), key);
        assert!(found(format!("key = ('{a}'\n  '{b1}'\n '{b2}')")));
        assert!(found(format!("concat!(\"{a}\", \"{b1}\", \"{b2}\")")));
        assert!(found(format!("\"\".join([\"{a}\", \"{b1}\", \"{b2}\"])")));
        assert!(found(format!("[\"{a}\", \"{b}\"].concat()")));
        assert!(found(format!("\"{a}\".to_string() + &\"{b}\"")));
        assert!(found(format!("\"-\".join((\"{}\", \"{}\"))", &key[..7], &key[8..])));
        assert!(found(format!("HEAD = \"{a}\"\nkey = HEAD + \"{b}\"")));
        assert!(found(format!("PREFIX: str = '{a}'\nkey = f\"{{PREFIX}}{b}\"")));
        assert!(found(format!("const PREFIX: &str = \"{a}\";\nlet key = format!(\"{{PREFIX}}{b}\");")));
        assert!(found(format!("key = \"{a}{{}}\".format(\"{b}\")")));
        assert!(found(format!("key = \"{{}}{{}}\".format(\"{a}\", \"{b}\")")));
        assert!(found(format!("key = \"%s%s\" % (\"{a}\", \"{b}\")")));
        assert!(found(format!("let key = format!(\"{{}}{{}}\", \"{a}\", \"{b}\");")));
        assert!(found(format!("let key = format!(\"{a}{{}}\", \"{b}\");")));
        assert!(found(format!("auth = \"Bearer {a}{b1}\" + \"{b2}\"")));
        assert!(found(format!("auth = \"Bearer \" + \"{a}\" + \"{b}\"")));
        assert!(!found(format!("[\"{a}\", \"{b}\"]")));
        assert!(!found(format!("call(\"{a}\", \"{b}\")")));
    }
}
