//! Codex's patches: `*** Add File:`, `*** Update File:` and the like, each with its lines.

use std::path::PathBuf;

use super::edit::{Piece, Written};

/// What a patch writes into which files. What it takes away is no write.
pub(super) fn writes(patch: &str) -> Vec<(PathBuf, Written)> {
    let mut files: Vec<(PathBuf, Written)> = Vec::new();
    let mut hunk = Hunk::default();
    // The file that lines go to; none in one that is deleted.
    let mut file: Option<(PathBuf, Written)> = None;
    for line in patch.lines() {
        let head = |start: &str| line.trim_end().strip_prefix(start).map(|path| PathBuf::from(path.trim()));
        let next = if let Some(path) = head("*** Add File: ") {
            Some(Some((path, Written::Whole(String::new()))))
        } else if let Some(path) = head("*** Update File: ") {
            Some(Some((path, Written::Pieces(Vec::new()))))
        } else if head("*** Delete File: ").is_some() || head("*** End Patch").is_some() {
            Some(None)
        } else {
            None
        };
        if let Some(next) = next {
            hunk.end(&mut file);
            files.extend(std::mem::replace(&mut file, next));
            continue;
        }
        match &mut file {
            Some((path, Written::Pieces(pieces))) => match head("*** Move to: ") {
                // Its text goes there whole, old keys as well.
                Some(to) => {
                    let pieces = std::mem::take(pieces);
                    file = Some((to, Written::Moved { from: std::mem::take(path), pieces }));
                }
                None => hunk.take(line, &mut file),
            },
            Some((_, Written::Moved { .. })) => hunk.take(line, &mut file),
            Some((_, Written::Whole(text))) => {
                if let Some(added) = line.strip_prefix('+') {
                    text.push_str(added);
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
    hunk.end(&mut file);
    files.extend(file);
    files
}

/// The lines between two `@@`, before and after.
#[derive(Default)]
struct Hunk {
    old: Vec<String>,
    new: Vec<String>,
}

impl Hunk {
    fn take(&mut self, line: &str, file: &mut Option<(PathBuf, Written)>) {
        if line.starts_with("@@") || line.starts_with("*** ") {
            return self.end(file);
        }
        let rest = line.get(1..).unwrap_or("").to_owned();
        match line.as_bytes().first() {
            Some(b'+') => self.new.push(rest),
            Some(b'-') => self.old.push(rest),
            _ => {
                self.old.push(rest.clone());
                self.new.push(rest);
            }
        }
    }

    /// The hunk is a piece of its file.
    fn end(&mut self, file: &mut Option<(PathBuf, Written)>) {
        let hunk = std::mem::take(self);
        if let Some((_, Written::Pieces(pieces) | Written::Moved { pieces, .. })) = file
            && !(hunk.old.is_empty() && hunk.new.is_empty())
        {
            pieces.push(Piece { old: hunk.old.join("\n"), new: hunk.new.join("\n"), everywhere: false });
        }
    }
}
