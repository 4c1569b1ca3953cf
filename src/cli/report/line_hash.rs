//! `primaryLocationLineHash`, by which GitHub knows a finding again when lines above it come and go.
//!
//! GitHub's `upload-sarif` puts it into a report from the source, and warns where it meets another one. Reports that go
//! through GitHub's interface get none, so they bring it.

use std::collections::HashMap;

use super::masks;
use crate::checks::{CheckedFile, Kind};
use crate::text::Span;

/// So many characters, blanks left out, count from the start of a line.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;
/// Stands for the end of a file.
const END: u16 = u16::MAX;
/// In longer lines nobody looks for keys once more.
const LONGEST: usize = 10_000;

/// The hashes of the lines of a text.
pub(super) struct LineHashes {
    lines: Vec<Line>,
}

struct Line {
    hash: String,
    /// The bytes that it was made of.
    of: Span,
}

impl LineHashes {
    pub fn of(text: &str) -> LineHashes {
        let (mut units, mut offsets, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut at_start, mut after_return) = (true, false);
        let mut add = |unit: u16, offset: usize| {
            if at_start {
                starts.push(units.len());
            }
            at_start = unit == u16::from(b'\n');
            units.push(unit);
            offsets.push(offset);
        };
        for (offset, c) in text.char_indices() {
            if c == ' ' || c == '\t' || (after_return && c == '\n') {
                after_return = false;
                continue;
            }
            after_return = c == '\r';
            let c = if after_return { '\n' } else { c };
            c.encode_utf16(&mut [0; 2]).iter().for_each(|&unit| add(unit, offset));
        }
        add(END, text.len());
        // sums[n] is the sum over the first n units, each weighed by how far it stands from the end.
        let padded = units.iter().copied().chain(std::iter::repeat_n(0, WINDOW));
        let mut sums = vec![0_u64];
        sums.extend(padded.scan(0_u64, |sum, unit| {
            *sum = sum.wrapping_mul(FACTOR).wrapping_add(u64::from(unit));
            Some(*sum)
        }));
        let weight = FACTOR.wrapping_pow(WINDOW as u32);
        let mut met: HashMap<u64, usize> = HashMap::new();
        let line = |start: usize| {
            let hash = sums[start + WINDOW].wrapping_sub(sums[start].wrapping_mul(weight));
            let count = met.entry(hash).or_insert(0);
            *count += 1;
            let end = offsets.get(start + WINDOW).copied().unwrap_or(text.len());
            Line { hash: format!("{hash:x}:{count}"), of: Span::new(offsets[start], end) }
        };
        LineHashes { lines: starts.into_iter().map(line).collect() }
    }

    /// The hashes for the findings of a file; none where the text is not what lies on the disk.
    pub fn of_file(file: &CheckedFile) -> Option<LineHashes> {
        (file.kind == Kind::Text).then(|| LineHashes::of(file.doc.text()))
    }

    /// The hash of a line, from 1, where nothing of a secret is in it.
    ///
    /// It is a sum of the characters and not a digest: with the rest of the line known it tells eight bytes of the key in
    /// it. `upload-sarif`, which has the source, does as it likes; a report goes to more places than that.
    pub fn harmless(&self, file: &CheckedFile, line: usize) -> Option<&str> {
        let Line { hash, of } = self.lines.get(line.checked_sub(1)?)?;
        let text = file.doc.text();
        // Whole lines: a word that is cut could be a key.
        let start = text[..of.start as usize].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let end = text[of.end as usize..].find(['\n', '\r']).map_or(text.len(), |at| of.end as usize + at);
        let hidden = || masks(&file.doc, &file.secrets, Span::new(start, end));
        (end - start <= LONGEST && hidden().is_empty()).then_some(hash.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of github/codeql-action, src/fingerprints.test.ts.
    #[test]
    fn hashes_are_those_of_upload_sarif() {
        let hashes = |text: &str| LineHashes::of(text).lines.into_iter().map(|it| it.hash).collect::<Vec<_>>();
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
        let ends = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for text in [
            " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n",
            " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r",
            " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
        ] {
            assert_eq!(hashes(text), ends, "{text:?}");
        }
        assert_eq!(
            hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10)),
            [
                "a7f2ff13bc495cf2:1",
                "a7f2ff13bc495cf2:2",
                "a7f2ff13bc495cf2:3",
                "a7f2ff13bc495cf2:4",
                "a7f2ff13bc495cf2:5",
                "a7f2ff13bc495cf2:6",
                "a7f2ff1481e87703:1",
                "a9cf91f7bbf1862b:1",
                "55ec222b86bcae53:1",
                "cc97dc7b1d7d8f7b:1",
                "c129715d7a2bc9a3:1"
            ]
        );
        assert_eq!(
            hashes("x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n"),
            [
                "e54938cc54b302f1:1",
                "bb609acbe9138d60:1",
                "1131fd5871777f34:1",
                "5c482a0f8b35ea28:1",
                "54517377da7028d2:1",
                "2c644846cb18d53e:1",
                "f1b89f20de0d133:1",
                "c129715d7a2bc9a3:1"
            ]
        );
    }
}
