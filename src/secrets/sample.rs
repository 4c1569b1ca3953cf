//! Keys that look real and open nothing: for tests, the demo and the check of every catalogue entry.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::catalogue::{Catalogue, ShapeId};
use super::placeholder::classify;
use super::provider::{Format, Shape};

/// A random key of the shape with this id, `openai.project`; the same seed gives the same key.
pub fn sample(shape: &str, seed: u64) -> Option<String> {
    let catalogue = Catalogue::built_in();
    sample_shape(catalogue, catalogue.shape_named(shape)?, seed)
}

/// The same for a shape of any catalogue. Never a placeholder, and always with the characters that the shape requires.
pub fn sample_shape(catalogue: &Catalogue, id: ShapeId, seed: u64) -> Option<String> {
    let (_, shape) = catalogue.shape(id);
    let good = |key: &String| {
        let looks_real = match shape.format {
            Format::Distinctive => catalogue.placeholders.classify_key(key, shape).is_none(),
            Format::Contextual | Format::Opaque => classify(catalogue, key).is_none(),
        };
        shape.has_required(key.as_bytes())
            && looks_real
            && (key.bytes().any(|b| b.is_ascii_digit()) || !shape.regex.contains("0-9"))
    };
    (0..200).filter_map(|again| draw(shape, seed.wrapping_mul(1_000_003).wrapping_add(again))).find(good)
}

/// Any string of the shape.
pub(super) fn draw(shape: &Shape, seed: u64) -> Option<String> {
    let hir = regex_syntax::Parser::new().parse(&shape.regex).ok()?;
    let mut random = Random(seed ^ 0x9e37_79b9_7f4a_7c15);
    let mut out = String::new();
    write(&hir, &mut random, &mut out);
    Some(out)
}

fn write(hir: &Hir, random: &mut Random, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.push(pick(class, random)),
        HirKind::Repetition(repeat) => {
            let most = repeat.max.unwrap_or(repeat.min + 8).min(repeat.min + 80);
            for _ in 0..random.between(repeat.min, most) {
                write(&repeat.sub, random, out);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, random, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, random, out)),
        HirKind::Alternation(parts) => write(&parts[random.between(0, parts.len() as u32 - 1) as usize], random, out),
    }
}

fn pick(class: &Class, random: &mut Random) -> char {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => {
            class.ranges().iter().map(|it| (it.start() as u32, (it.end() as u32).min(0x7e))).collect()
        }
        Class::Bytes(class) => {
            class.ranges().iter().map(|it| (it.start().into(), u32::from(it.end()).min(0x7e))).collect()
        }
    };
    let ranges: Vec<_> = ranges.into_iter().filter(|(start, end)| start <= end).collect();
    // "Anything but a quote" stands for base64 in the shapes.
    let wide = ranges.iter().map(|(start, end)| end - start + 1).sum::<u32>() > 80;
    let ranges = if wide { vec![(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)] } else { ranges };
    let size: u32 = ranges.iter().map(|(start, end)| end - start + 1).sum();
    let mut at = random.between(0, size.max(1) - 1);
    for (start, end) in ranges {
        let len = end - start + 1;
        if at < len {
            return char::from_u32(start + at).unwrap_or('x');
        }
        at -= len;
    }
    'x'
}

/// SplitMix64: small, seeded, good enough for samples, no secret comes from it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&mut self, least: u32, most: u32) -> u32 {
        least + (self.next() % u64::from(most - least + 1)) as u32
    }
}
