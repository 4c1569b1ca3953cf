//! `undo`: the last move's sources as they were.

use std::io::{self, Write};
use std::path::Path;

use super::visible;
use crate::moves;
use crate::project::Workspace;
use crate::stores::Stores;

/// Shows what would change, asks, and puts it back. The keys stay in their store.
pub(super) fn undo(
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    let workspace = Workspace::open(Path::new("."))?;
    let stores = Stores::of(&workspace);
    let last = moves::last_move(&workspace, &stores)?;
    writeln!(out, "puts back {}:", last.title)?;
    for path in last.paths() {
        writeln!(out, "  changes {}", visible(path))?;
    }
    writeln!(out, "  the keys stand in these files again; {} keeps them as well", last.store)?;
    if !yes && !ask(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    moves::undo(&workspace, &last)?;
    writeln!(out, "put back")?;
    Ok(())
}
