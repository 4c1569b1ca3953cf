//! Reading every blob of a pack once, along its chains of deltas.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::hash::{Kind, oid};
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use gix::zlib::Inflate;

use super::delta::apply;
use super::{Look, Next};

/// A pack and its index.
pub(super) struct Pack {
    path: PathBuf,
    index: index::File<gix::odb::pack::MMap>,
    data: data::File<gix::odb::pack::MMap>,
}

/// Which objects of a pack are stored as deltas of which, all by their places in the order of the pack.
struct Chains {
    /// Where each lies in the pack, and in the index.
    objects: Vec<(u64, u32)>,
    /// The blobs that are stored whole, those with the most descendants first.
    roots: Vec<u32>,
    /// The first object that is stored as a delta of each, and the next one that is of the same as each.
    first: Vec<u32>,
    next: Vec<u32>,
    /// How many are stored as deltas of each, itself included.
    weight: Vec<u32>,
    /// Deltas whose base is not in the pack.
    broken: usize,
}

const NONE: u32 = u32::MAX;

/// What is worked on in a chain: a text, and what is made of it.
struct Frame {
    text: Vec<u8>,
    next: Next,
    children: Vec<u32>,
}

impl Pack {
    /// Opens the pack of an index.
    pub(super) fn open(index: &Path, hash: Kind) -> Result<Pack, gix::Error> {
        let path = index.with_extension("pack");
        Ok(Pack { index: index::File::at(index, hash)?, data: data::File::at(&path, hash)?, path })
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at every blob, in several threads. Returns how many objects cannot be read.
    pub(super) fn each_blob(&self, threads: usize, look: &Look<'_>, seen: &AtomicUsize) -> usize {
        let Some(chains) = self.chains() else { return self.index.num_objects() as usize };
        let (at, broken) = (AtomicUsize::new(0), AtomicUsize::new(chains.broken));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut reader =
                        Reader { pack: self, chains: &chains, inflate: Inflate::default(), spare: Vec::new() };
                    while let Some(&root) = chains.roots.get(at.fetch_add(1, Ordering::Relaxed)) {
                        broken.fetch_add(reader.chain(root, look, seen), Ordering::Relaxed);
                    }
                });
            }
        });
        broken.into_inner()
    }

    /// `None` where the index leads out of the pack.
    fn chains(&self) -> Option<Chains> {
        let count = self.index.num_objects();
        let mut objects: Vec<(u64, u32)> = (0..count).map(|at| (self.index.pack_offset_at_index(at), at)).collect();
        objects.sort_unstable();
        let none = || vec![NONE; objects.len()];
        let (mut parents, mut first, mut next) = (none(), none(), none());
        let (mut roots, mut broken) = (Vec::new(), 0);
        let at = |offset: u64| objects.binary_search_by_key(&offset, |(offset, _)| *offset).ok();
        for (child, (offset, _)) in objects.iter().enumerate() {
            let parent = match self.data.entry(*offset).ok()?.header {
                Header::Blob => {
                    roots.push(child as u32);
                    continue;
                }
                Header::Commit | Header::Tree | Header::Tag => continue,
                Header::OfsDelta { base_distance } => offset.checked_sub(base_distance).and_then(at),
                Header::RefDelta { base_id } => {
                    self.index.lookup(base_id).and_then(|it| at(self.index.pack_offset_at_index(it)))
                }
            };
            let Some(parent) = parent.filter(|it| *it != child) else {
                broken += 1;
                continue;
            };
            parents[child] = parent as u32;
            next[child] = first[parent];
            first[parent] = child as u32;
        }
        let mut weight = vec![1u32; objects.len()];
        for child in (0..objects.len()).rev().filter(|child| parents[*child] != NONE) {
            weight[parents[child] as usize] += weight[child];
        }
        // The longest work first; else in the order of the pack, as disks like it.
        roots.sort_by_key(|root| std::cmp::Reverse(weight[*root as usize]));
        Some(Chains { objects, roots, first, next, weight, broken })
    }
}

impl Chains {
    /// What is stored as a delta of an object. The one with the most descendants comes first, and is taken last: then its
    /// base is needed no more, so that few texts are held at a time.
    fn children(&self, of: u32) -> Vec<u32> {
        let follow = |at: u32| (at != NONE).then_some(at);
        let mut children: Vec<u32> =
            std::iter::successors(follow(self.first[of as usize]), |at| follow(self.next[*at as usize])).collect();
        children.sort_by_key(|child| std::cmp::Reverse(self.weight[*child as usize]));
        children
    }
}

/// What a thread needs.
struct Reader<'p> {
    pack: &'p Pack,
    chains: &'p Chains,
    inflate: Inflate,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
}

impl Reader<'_> {
    /// Looks at a blob and all that are stored as deltas of it. Returns how many cannot be read.
    fn chain(&mut self, root: u32, look: &Look<'_>, seen: &AtomicUsize) -> usize {
        let (mut broken, mut delta, mut changed) = (0, Vec::new(), Vec::new());
        let mut text = self.spare.pop().unwrap_or_default();
        let Some(size) = self.inflated(root, &mut text) else { return self.chains.weight[root as usize] as usize };
        text.truncate(size);
        seen.fetch_add(1, Ordering::Relaxed);
        let next = look(self.id(root), &text, None);
        let mut frames = vec![Frame { text, next, children: self.chains.children(root) }];
        while let Some(frame) = frames.last_mut() {
            let Some(child) = frame.children.pop() else {
                self.keep(frames.pop());
                continue;
            };
            let mut text = self.spare.pop().unwrap_or_default();
            let made = self.inflated(child, &mut delta);
            let made = made.and_then(|size| apply(&frame.text, &delta[..size], &mut text, &mut changed));
            if made.is_none() {
                broken += self.chains.weight[child as usize] as usize;
                continue;
            }
            seen.fetch_add(1, Ordering::Relaxed);
            let known: Option<&[Range<usize>]> = (frame.next == Next::Changed).then_some(&changed);
            let next = look(self.id(child), &text, known);
            let children = self.chains.children(child);
            if frame.children.is_empty() {
                self.keep(frames.pop());
            }
            if children.is_empty() {
                self.keep(Some(Frame { text, next, children }));
            } else {
                frames.push(Frame { text, next, children });
            }
        }
        broken
    }

    /// Keeps a buffer, unless it is a rare large one.
    fn keep(&mut self, frame: Option<Frame>) {
        self.spare.extend(frame.map(|frame| frame.text).filter(|text| text.capacity() <= SPARE));
    }

    fn id(&self, object: u32) -> &oid {
        self.pack.index.oid_at_index(self.chains.objects[object as usize].1)
    }

    /// What is stored of an object, at the begin of the buffer; its size.
    fn inflated(&mut self, object: u32, buffer: &mut Vec<u8>) -> Option<usize> {
        let entry = self.pack.data.entry(self.chains.objects[object as usize].0).ok()?;
        let size = usize::try_from(entry.decompressed_size).ok()?;
        // No more is reserved than could come out of the pack: a broken size asks for anything.
        if size / MOST_PACKED > self.pack.data.data_len() {
            return None;
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        self.pack.data.decompress_entry(&entry, &mut self.inflate, buffer).ok()?;
        Some(size)
    }
}

/// Deflate packs no more bytes into one.
const MOST_PACKED: usize = 1032;
/// The largest buffer that is kept.
const SPARE: usize = 16 << 20;
