//! How much a text looks like a secret, whoever gave it out.

use super::catalogue::Catalogue;
use super::placeholder::classify;

/// The shortest value that is taken for a key by its place alone.
pub const SHORTEST_SECRET: usize = 16;

/// The text has to be taken for a secret where one belongs: long, mixed, no placeholder, no address.
pub fn looks_secret(catalogue: &Catalogue, text: &str) -> bool {
    let odd = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b'"' | b'\'' | b'(' | b'{' | b'<' | b' ');
    let classes = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase]
        .iter()
        .filter(|class| text.bytes().any(|byte| class(&byte)))
        .count();
    text.len() >= SHORTEST_SECRET
        && classes >= 2
        && !text.bytes().any(odd)
        && entropy(text) >= LEAST_ENTROPY
        && !text.contains("://")
        && classify(catalogue, text).is_none()
}

/// Random text of at least 24 characters with a digit: a key of a shape that is newer than the catalogue.
pub fn looks_generated(text: &str) -> bool {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let least = if is_hex { 3.0 } else { 3.5 };
    text.len() >= 24 && text.bytes().any(|byte| byte.is_ascii_digit()) && !is_wordy(text) && entropy(text) >= least
}

/// Short parts and words, like `x86_64-unknown-linux-gnu`, and names of many words, like `get_project_v1response_key` and
/// `GetProjectV1Response`.
pub(super) fn is_wordy(text: &str) -> bool {
    let count = |class: fn(&u8) -> bool| text.bytes().filter(class).count();
    let digits = count(u8::is_ascii_digit);
    let capitals = count(u8::is_ascii_uppercase);
    // Of random letters nearly half are capitals, and every sixth sign is a digit.
    let is_title = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
    if is_title && capitals > 0 && digits <= 2 && 4 * capitals <= text.len() {
        return true;
    }
    let parts = || text.split(['-', '_', '.', '/']);
    let is_name = parts().count() >= 4;
    parts().all(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let letters = part.bytes().filter(u8::is_ascii_lowercase).count();
        let title = usize::from(part.starts_with(|c: char| c.is_ascii_uppercase()));
        let is_word = title + letters + digits == part.len() && (digits == 0 || is_name && digits <= 2);
        part.len() < 8 || is_word || digits == part.len() && digits == 8
    })
}

/// Below this many bits a character people type, not generators: the placeholder band.
const LEAST_ENTROPY: f64 = 2.8;

/// Shannon entropy in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|byte| counts[byte as usize] += 1);
    let len = text.len().max(1) as f64;
    counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / len).map(|p| -p * p.log2()).sum()
}
