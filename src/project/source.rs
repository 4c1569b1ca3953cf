//! Reading a file that is checked: any bytes, any size.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::files::special;
use crate::syntax::largest;

/// The text of a file, as far as it has one.
#[derive(Debug)]
pub enum Source {
    /// Text. Invalid bytes are replaced one for one, so that every place is that of the file.
    Text(String),
    /// Text in UTF-16: places are those of the text in UTF-8, and nothing is edited.
    Utf16(String),
    /// Too large to be parsed: only distinctive keys are looked for.
    Large(Vec<u8>),
    /// No text.
    Binary(Vec<u8>),
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A folder, a pipe, a device.
    #[error("{path}: this is {kind}, not a file")]
    Kind {
        /// The path.
        path: String,
        /// `a pipe` …
        kind: &'static str,
    },
    /// Larger than what is read at all.
    #[error("{path}: larger than 4 GB: check its parts")]
    TooLarge {
        /// The path.
        path: String,
    },
    /// The system said no.
    #[error("{path}: {error}")]
    Io {
        /// The path.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

/// Spans are 32 bits.
const TOO_LARGE: u64 = u32::MAX as u64;

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Source, ReadError> {
    let shown = || path.display().to_string();
    let io = |error| ReadError::Io { path: shown(), error };
    let meta = fs::metadata(path).map_err(io)?;
    if let Some((kind, _)) = special(&meta) {
        return Err(ReadError::Kind { path: shown(), kind });
    }
    if meta.len() >= TOO_LARGE {
        return Err(ReadError::TooLarge { path: shown() });
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize + 1);
    File::open(path).map_err(io)?.take(TOO_LARGE).read_to_end(&mut bytes).map_err(io)?;
    Ok(Source::new(path, bytes))
}

impl Source {
    /// What was read.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Source::Text(text) | Source::Utf16(text) => text.as_bytes(),
            Source::Large(bytes) | Source::Binary(bytes) => bytes,
        }
    }

    /// Sorts the bytes of the file at `path` by what they are.
    pub fn new(path: &Path, bytes: Vec<u8>) -> Source {
        if bytes.len() as u64 > largest(path) {
            return Source::Large(bytes);
        }
        if let Some(text) = utf16(&bytes) {
            return Source::Utf16(text);
        }
        if is_binary(&bytes) {
            return Source::Binary(bytes);
        }
        Source::Text(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => same_length(error.into_bytes()),
        })
    }
}

/// A zero byte near the start says that this is no text.
pub fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(8192)]).is_some()
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|it| it.unwrap_or('\u{fffd}')).collect())
}

/// Every byte that is no UTF-8 becomes a substitute character of one byte.
pub fn same_length(bytes: Vec<u8>) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{1a}'));
    }
    out
}
