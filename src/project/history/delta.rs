//! Deltas: how git stores a blob as what differs from another one.

use std::ops::Range;

/// Makes the text that `delta` describes out of its base. `changed` becomes the parts that are new, and the seams between
/// parts of the base that did not lie beside each other, which are empty; in order.
///
/// `None` when the delta is broken.
pub(super) fn apply(base: &[u8], delta: &[u8], text: &mut Vec<u8>, changed: &mut Vec<Range<usize>>) -> Option<()> {
    text.clear();
    changed.clear();
    let mut rest = delta;
    let (base_size, size) = (size(&mut rest)?, size(&mut rest)?);
    if base_size != base.len() {
        return None;
    }
    if size > TOO_LARGE {
        return None;
    }
    text.reserve(size.min(2 * (base.len() + delta.len())));
    // What lies before the text and behind it goes on, as it does before the base and behind it.
    let mut goes_on_at = 0;
    let mut note = |range: Range<usize>| match changed.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => changed.push(range),
    };
    while let Some((&command, behind)) = rest.split_first() {
        rest = behind;
        let at = text.len();
        if command & 0x80 != 0 {
            let (start, length) = (number(command & 0x0f, &mut rest)?, number(command >> 4 & 0x07, &mut rest)?);
            let end = start.checked_add(if length == 0 { 0x1_0000 } else { length })?;
            text.extend_from_slice(base.get(start..end)?);
            if start != goes_on_at {
                note(at..at);
            }
            goes_on_at = end;
        } else {
            let (new, behind) = rest.split_at_checked(usize::from(command)).filter(|_| command != 0)?;
            text.extend_from_slice(new);
            rest = behind;
            note(at..at + new.len());
            // Whatever follows does so behind other text; where it is the base that goes on, the seam is in `changed`.
        }
        if text.len() > size {
            return None;
        }
    }
    if goes_on_at != base.len() {
        note(text.len()..text.len());
    }
    (text.len() == size).then_some(())
}

/// Git makes no deltas of what is larger.
const TOO_LARGE: usize = 512 << 20;

/// A size, seven bits a byte.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let mut size = 0usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        size |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// A number, of which only those bytes are stored whose bits are set.
fn number(bits: u8, rest: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for byte in (0..4).filter(|byte| bits & 1 << byte != 0) {
        let (&value, behind) = rest.split_first()?;
        *rest = behind;
        number |= usize::from(value) << (8 * byte);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(base: &[u8], delta: &[u8]) -> Option<(Vec<u8>, Vec<Range<usize>>)> {
        let (mut text, mut changed) = (Vec::new(), Vec::new());
        apply(base, delta, &mut text, &mut changed).map(|()| (text, changed))
    }

    #[test]
    fn what_is_new_is_told() {
        let base = b"0123456789";
        // The base whole; a part replaced; a part left out; an end cut off; the base twice.
        type Case<'c> = (&'c [u8], &'c str, &'c [(usize, usize)]);
        let cases: [Case<'_>; 5] = [
            (&[10, 10, 0x90, 10], "0123456789", &[]),
            (&[10, 10, 0x90, 4, 2, b'a', b'b', 0x91, 6, 4], "0123ab6789", &[(4, 6)]),
            (&[10, 6, 0x90, 4, 0x91, 8, 2], "012389", &[(4, 4)]),
            (&[10, 4, 0x90, 4], "0123", &[(4, 4)]),
            (&[10, 20, 0x90, 10, 0x90, 10], "01234567890123456789", &[(10, 10)]),
        ];
        for (delta, text, changed) in cases {
            let changed = changed.iter().map(|&(start, end)| start..end).collect();
            assert_eq!(applied(base, delta), Some((text.as_bytes().to_vec(), changed)), "{text}");
        }
    }

    #[test]
    fn broken_deltas_give_nothing() {
        let base = b"0123456789";
        for delta in [
            &[][..],
            &[10],
            &[9, 10, 0x90, 10],
            &[10, 10, 0x90],
            &[10, 10, 0x90, 11],
            &[10, 9, 0x90, 10],
            &[10, 11, 0x90, 10],
            &[10, 2, 3, b'a'],
            &[10, 1, 0, b'a'],
            &[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(applied(base, delta), None, "{delta:?}");
        }
    }
}
