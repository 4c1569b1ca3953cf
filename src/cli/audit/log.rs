//! The entries of a store's log, one after the other: however large it is, one entry is in memory.
//!
//! Three writings: an object a line (Vault's file, exports of Google), one object or list that holds all of them
//! (CloudTrail's files, `gcloud logging read`), and objects over several lines. Each of them also packed by gzip.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use zlib_rs::{Inflate, InflateFlush, Status};

/// How much of a log is looked at to see how it is written.
const HEAD: usize = 64 * 1024;
/// The longest line of a log with an entry a line.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Standard input, as arguments name it.
pub(super) const STDIN: &str = "-";
/// Where a file keeps its entries: CloudTrail's files, `aws cloudtrail lookup-events`, Google's `entries:list`.
const LISTS: [&str; 3] = ["Records", "Events", "entries"];

/// What could not be read of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    /// Lines that hold no object, or a broken one.
    pub lines: usize,
    /// The last line is not whole: somebody is still writing, or a copy was cut off.
    pub torn: bool,
    /// Where it broke off, and why: nothing behind that was looked at.
    pub rest: Option<String>,
}

/// Opens a log, or standard input.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut input: Box<dyn BufRead> = match path == Path::new(STDIN) {
        true => Box::new(BufReader::with_capacity(HEAD, io::stdin())),
        false => Box::new(BufReader::with_capacity(HEAD, File::open(path)?)),
    };
    if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        input = Box::new(BufReader::with_capacity(HEAD, Unpacked { input, inflate: None }));
    }
    Ok(input)
}

/// Hands out every object of a log.
pub(super) fn entries(mut input: Box<dyn BufRead>, each: &mut dyn FnMut(Value)) -> io::Result<Lost> {
    let mut head = Vec::new();
    let broken = input.by_ref().take(HEAD as u64).read_to_end(&mut head).err();
    if let Some(error) = broken {
        if head.is_empty() {
            return Err(error);
        }
        // What was there before it broke off counts.
        input = Box::new(BufReader::new(Broken(error)));
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(io::Error::other("it is written in UTF-16, as PowerShell's `>` does: write it in UTF-8"));
    }
    let mark: &[u8] = if head.starts_with(b"\xef\xbb\xbf") { b"\xef\xbb\xbf" } else { b"" };
    let by_lines = has_entry_per_line(&head[mark.len()..]);
    let mut input = Cursor::new(head.split_off(mark.len())).chain(input);
    match by_lines {
        true => lines(&mut input, each),
        false => Ok(documents(&mut input, each)),
    }
}

/// The first line stands for itself. What is not JSON at all is looked at by lines, so that it can be said how many.
fn has_entry_per_line(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let line = text.split(|it| *it == b'\n').next().unwrap_or_default();
    let is_object = |line: &[u8]| serde_json::from_slice::<Map<String, Value>>(line).is_ok();
    let list = |it: &[u8]| LISTS.iter().any(|name| it.starts_with(format!("\"{name}\"").as_bytes()));
    match text.first() {
        Some(b'[') => false,
        Some(b'{') if line.trim_ascii() == b"{" || list(text[1..].trim_ascii_start()) => false,
        // A line that is longer than all that was looked at.
        Some(b'{') => line.len() < text.len() || is_object(line) || text.len() >= HEAD / 2,
        _ => true,
    }
}

fn lines(input: &mut dyn BufRead, each: &mut dyn FnMut(Value)) -> io::Result<Lost> {
    let mut lost = Lost::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) => return Ok(lost),
            Ok(_) => {}
            Err(error) => {
                lost.rest = Some(error.to_string());
                return Ok(lost);
            }
        }
        let is_whole = line.ends_with(b"\n");
        // Vault can be told to begin each line with a word, and what collects logs puts a time there.
        let Some(start) = line.iter().position(|it| *it == b'{') else {
            lost.lines += usize::from(!line.trim_ascii().is_empty());
            continue;
        };
        let line = &line[start..];
        let parsed = whole(line, each).is_ok() || whole(String::from_utf8_lossy(line).as_bytes(), each).is_ok();
        match (parsed, is_whole) {
            (true, _) => {}
            (false, true) => lost.lines += 1,
            (false, false) => lost.torn = true,
        }
    }
}

fn whole(line: &[u8], each: &mut dyn FnMut(Value)) -> serde_json::Result<()> {
    // An entry is handed out when all of it was understood.
    let mut found = Vec::new();
    let mut parser = serde_json::Deserializer::from_slice(line);
    Top(&mut |it| found.push(it)).deserialize(&mut parser)?;
    parser.end()?;
    found.into_iter().for_each(each);
    Ok(())
}

fn documents(input: &mut dyn BufRead, each: &mut dyn FnMut(Value)) -> Lost {
    let mut lost = Lost::default();
    // The parser takes byte by byte: of a buffer of its own, and not of what may be anything.
    let mut parser = serde_json::Deserializer::from_reader(BufReader::with_capacity(HEAD, input));
    while parser.end().is_err() {
        if let Err(error) = Top(each).deserialize(&mut parser) {
            lost.rest = Some(format!("line {}: {}", error.line(), cause(&error)));
            break;
        }
    }
    lost
}

/// Without what the parser quotes.
fn cause(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends in the middle",
        serde_json::error::Category::Io => "it cannot be read or unpacked",
        _ => "this is no JSON of a log",
    }
}

/// A value at the top: an entry, a list of them, or an object that holds such a list.
struct Top<'e>(&'e mut dyn FnMut(Value));

/// The list itself.
struct List<'e>(&'e mut dyn FnMut(Value));

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry or a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        List(self.0).visit_seq(seq)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut entry = Map::new();
        let mut is_list = false;
        while let Some(name) = map.next_key::<String>()? {
            if LISTS.contains(&name.as_str()) {
                is_list = true;
                map.next_value_seed(List(&mut *self.0))?;
            } else if is_list {
                map.next_value::<IgnoredAny>()?;
            } else {
                entry.insert(name, map.next_value()?);
            }
        }
        if !is_list {
            (self.0)(Value::Object(entry));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(entry) = seq.next_element()? {
            (self.0)(entry);
        }
        Ok(())
    }
}

/// Where reading ended.
struct Broken(io::Error);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0.kind(), self.0.to_string()))
    }
}

/// What gzip packed; several of its files behind each other are one.
struct Unpacked {
    input: Box<dyn BufRead>,
    /// None between two files.
    inflate: Option<Inflate>,
}

impl Read for Unpacked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let packed = self.input.fill_buf()?;
            if packed.is_empty() {
                let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the packed file ends in the middle");
                return if self.inflate.is_some() { Err(cut()) } else { Ok(0) };
            }
            // 15 bits is the largest window, 16 says that the head is gzip's.
            let inflate = self.inflate.get_or_insert_with(|| Inflate::new(true, 15 + 16));
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let broken = || io::Error::new(io::ErrorKind::InvalidData, "the packed file is damaged");
            let status = inflate.decompress(packed, out, InflateFlush::NoFlush).map_err(|_| broken())?;
            let (read, written) = (inflate.total_in() - read, inflate.total_out() - written);
            self.input.consume(usize::try_from(read).unwrap_or(usize::MAX));
            if status == Status::StreamEnd {
                self.inflate = None;
            }
            if written > 0 || out.is_empty() {
                return Ok(usize::try_from(written).unwrap_or(out.len()));
            }
            if read == 0 && status == Status::BufError {
                return Err(broken());
            }
        }
    }
}
