//! Keys that stand in no text as they are: in pieces that code puts together, or encoded.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::catalogue::{Catalogue, ShapeId};
use super::scan::{BLOCK, RUN, is_key, is_likely, mask, scan};
use super::secret::Secret;
use super::words::HEAD;
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
    /// Few sources know its shape.
    pub doubtful: bool,
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

/// The keys in base64 or hex that fill one of `runs`, in order.
pub fn encoded(catalogue: &Catalogue, text: &[u8], runs: &[Span]) -> Vec<Assembled> {
    runs.iter().filter_map(|run| decoded(catalogue, text, *run)).collect()
}

fn decoded(catalogue: &Catalogue, text: &[u8], run: Span) -> Option<Assembled> {
    let bytes = &text[run.range()];
    if bytes.len() < ENCODED {
        return None;
    }
    let (how, decoded) = match bytes.iter().all(u8::is_ascii_hexdigit) {
        true => (How::Hex, hex(bytes)?),
        false => (How::Base64, base64(bytes)?),
    };
    let token = scan(catalogue, &decoded).into_iter().find(|token| is_likely(catalogue, &decoded, token))?;
    let key = Secret::new(std::str::from_utf8(&decoded[token.span.range()]).ok()?);
    let doubtful = token.needs_context;
    Some(Assembled { span: run, shape: token.shape, key, how, exact: false, doubtful })
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
    decode(&bytes[..bytes.len().min(FIRST)]).filter(|first| is_text(first))?;
    decode(bytes)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// Whether texts stand without quotes as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// They do not.
    Quoted,
    /// Behind a `=` they do, as in a shell.
    Bare,
}

/// A literal in `text` begins like a key and ends too early: perhaps other pieces of it stand elsewhere.
///
/// In nearly no file one does, so that what is more exact may take its time.
pub fn may_hold_pieces(catalogue: &Catalogue, text: &[u8], words: Words) -> bool {
    first_pieces(catalogue, text, words).next().is_some()
}

/// Where such literals begin: at their quotes.
pub fn first_pieces(catalogue: &Catalogue, text: &[u8], words: Words) -> impl Iterator<Item = usize> {
    let bare = words == Words::Bare;
    let quotes = (0..text.len()).step_by(BLOCK).flat_map(move |at| {
        let mut quotes = mask(&text[at..], |byte| is_quote(byte) | (bare & (byte == b'=')));
        std::iter::from_fn(move || {
            let quote = (quotes != 0).then(|| at + quotes.trailing_zeros() as usize);
            quotes &= quotes.wrapping_sub(1);
            quote
        })
    });
    quotes.filter(|quote| is_first_piece(catalogue, text, *quote))
}

/// The longest first piece.
const LONGEST: usize = 200;

fn is_first_piece(catalogue: &Catalogue, text: &[u8], quote: usize) -> bool {
    let mut rest = &text[quote + 1..];
    // Asked for every literal of every file: what is rare is told by one byte.
    match rest.first() {
        Some(b'B' | b'T' | b'K') => {
            rest = SCHEMES.iter().find_map(|scheme| rest.strip_prefix(*scheme)).unwrap_or(rest);
        }
        Some(b'\\') if rest.starts_with(b"\\x") => {
            let begin: Vec<u8> = rest.split(|&byte| byte == b'x').skip(1).take(HEAD).filter_map(hex_byte).collect();
            return catalogue.begins.alike(&begin, 0).any(|anchor| anchor.starts_with(&begin));
        }
        Some(first) if first.is_ascii_alphanumeric() => {}
        _ => return false,
    }
    if let [first, second, quote, behind @ ..] = rest
        && is_quote(*quote)
    {
        return catalogue.pairs.contains(&[*first, *second]) && begins_list(catalogue, &rest[..2], behind);
    }
    let mut begins = catalogue.begins.alike(rest, 0).peekable();
    if begins.peek().is_none() {
        return false;
    }
    let is_part = |byte: u8| is_key(byte) || matches!(byte, b'.' | b'|' | b'=' | b':');
    let Some(end) = rest.iter().take(LONGEST).position(|&byte| !is_part(byte)) else { return false };
    let piece = &rest[..end];
    // Behind the begin of a key stand no words.
    let goes_on = |rest: &[u8]| rest.len() < 4 || rest.ends_with(b"-") || rest.ends_with(b"_") || is_mixed(rest);
    let fits = |begin: &[u8]| {
        piece.len() >= HEAD && begin.starts_with(piece) || piece.strip_prefix(begin).is_some_and(goes_on)
    };
    // A word alone is rather a word: `key`, `data`.
    let telling = piece.iter().any(|byte| !byte.is_ascii_lowercase());
    // A key that ends here needs no other piece.
    let whole = || scan(catalogue, piece).iter().any(|token| token.span == Span::new(0, piece.len()));
    match rest[end] {
        _ if !begins.any(fits) => false,
        end if text[quote] == b'=' => end.is_ascii_whitespace() && telling && !whole(),
        b'\\' if matches!(rest.get(end + 1), Some(b'x' | b'u')) => true,
        b'{' | b'%' | b'\\' => telling,
        close if is_quote(close) => {
            let before = text[..quote].trim_ascii_end();
            let given = before.ends_with(b"=") || before.ends_with(b":") || before.ends_with(b"from(");
            match behind(&rest[end + 1..]) {
                Behind::Added => true,
                Behind::Listed => telling && !whole(),
                Behind::End => (telling && given || piece.len() > LONG && is_mixed(&piece[HEAD..])) && !whole(),
                Behind::Else => false,
            }
        }
        _ => false,
    }
}

/// The first parts of a key that are put together with a sign between: `"sk", "proj", …`.
fn begins_list(catalogue: &Catalogue, first: &[u8], behind: &[u8]) -> bool {
    let Some(next) =
        behind.strip_prefix(b",").map(<[u8]>::trim_ascii_start).filter(|it| it.len() > 1 && is_quote(it[0]))
    else {
        return false;
    };
    let second = next[1..].split(|byte| *byte == next[0]).next().unwrap_or(b"");
    [b"-", b"_"].iter().any(|sign| {
        let begin = [first, *sign, second].concat();
        let fits = |anchor: &[u8]| anchor.starts_with(&begin) || second.len() >= RUN && begin.starts_with(anchor);
        second.len() > 1 && catalogue.begins.alike(&begin, 0).any(fits)
    })
}

/// The byte of the two digits that a text begins with.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    hex(digits.get(..2)?).and_then(|bytes| bytes.first().copied())
}

/// What stands behind a literal.
#[derive(Clone, Copy)]
enum Behind {
    /// Another text that is added to it.
    Added,
    /// Another text of a list, rather random than words.
    Listed,
    /// Nothing more.
    End,
    /// Something is done with it.
    Else,
}

fn behind(text: &[u8]) -> Behind {
    const PLAIN: [&[u8]; 6] = [b".to_string()", b".to_owned()", b".into()", b".as_str()", b")", b"\\"];
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        let comment = || rest.starts_with(b"# ") || rest.starts_with(b"//");
        match PLAIN.iter().find_map(|plain| rest.strip_prefix(*plain)) {
            Some(after) => rest = after,
            None if comment() => rest = &rest[memchr::memchr(b'\n', rest).unwrap_or(rest.len())..],
            None => break,
        }
    }
    let apart = rest.len() < text.len();
    match rest {
        [b'+', ..] | [b'<', b'<', ..] => Behind::Added,
        // A point that ends a sentence stands at once behind its word.
        [b'.', next, ..] if is_quote(*next) || apart && next.is_ascii_whitespace() => Behind::Added,
        _ if rest.starts_with(b".concat(") => Behind::Added,
        [quote, ..] | [b'r' | b'b' | b'f' | b'u' | b'R' | b'B' | b'F', quote, ..] if apart && is_quote(*quote) => {
            Behind::Added
        }
        [b',', list @ ..] => {
            let near = &list[..list.len().min(NEAR)];
            let end = near.iter().position(|byte| b"])}".contains(byte)).unwrap_or(near.len());
            let quoted = near.trim_ascii_start().first().is_some_and(|&byte| is_quote(byte));
            let mut words = near[..end].split(|byte| !byte.is_ascii_alphanumeric());
            let random = quoted && words.any(|word| word.len() > 5 && is_mixed(word) && !is_number(word));
            if random { Behind::Listed } else { Behind::End }
        }
        [b'.' | b'[', ..] => Behind::Else,
        _ => Behind::End,
    }
}

/// Words have no digits, and no capitals but the first letter.
fn is_mixed(text: &[u8]) -> bool {
    text.iter().skip(1).any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn is_number(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// A longer piece is rather one of a key than an id.
const LONG: usize = 20;
/// So far the rest of a list is looked at.
const NEAR: usize = 200;

fn is_quote(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\'')
}

/// What is sent before a key, in the same text.
const SCHEMES: [&[u8]; 4] = [b"Bearer ", b"Token ", b"Basic ", b"Key "];
