//! Where anchors stand: the literal parts of distinctive shapes.

use std::collections::{BTreeMap, HashMap};

use super::catalogue::ShapeId;

/// How many bytes of an anchor are asked for first; shorter ones are not taken.
pub(super) const HEAD: usize = 3;

/// Anchors with the shapes that hold them.
///
/// There are few, and every run of every file is searched: one look into a small table of hashes tells nearly always
/// that no anchor begins here (measured: six times as fast as an automaton, whose table is larger than the cache).
#[derive(Debug)]
pub(super) struct Anchors {
    /// A bit for each hash of a head.
    heads: Vec<u64>,
    by_head: HashMap<[u8; HEAD], Vec<Anchor>>,
}

/// Its bytes, and the shapes that hold it.
type Anchor = (Vec<u8>, Vec<ShapeId>);

impl Anchors {
    /// `anchors` are at least [`HEAD`] long.
    pub(super) fn new(anchors: BTreeMap<String, Vec<ShapeId>>) -> Anchors {
        let mut new = Anchors { heads: vec![0; 1 << (BITS - 6)], by_head: HashMap::new() };
        for (anchor, shapes) in anchors {
            let Some(&head) = anchor.as_bytes().first_chunk() else { continue };
            let (word, bit) = place(head);
            new.heads[word] |= bit;
            new.by_head.entry(head).or_default().push((anchor.into_bytes(), shapes));
        }
        new
    }

    /// Every anchor in `text`: where it begins, and the shapes that hold it.
    pub(super) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, &'a [ShapeId])> {
        let begins = |head: &[u8]| {
            let (word, bit) = place([head[0], head[1], head[2]]);
            self.heads[word] & bit != 0
        };
        let places = text.windows(HEAD).enumerate().filter(move |(_, head)| begins(head));
        places.flat_map(move |(at, head)| {
            let of_head = self.by_head.get(head).into_iter().flatten();
            of_head.filter(move |(anchor, _)| text[at..].starts_with(anchor)).map(move |(_, shapes)| (at, &shapes[..]))
        })
    }
}

/// The length of a hash.
const BITS: usize = 16;

/// The bit of a head: its word and its place there.
fn place([first, second, third]: [u8; HEAD]) -> (usize, u64) {
    let head = u32::from_le_bytes([first, second, third, 0]);
    let hash = head.wrapping_mul(0x9e37_79b1) >> (32 - BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}
