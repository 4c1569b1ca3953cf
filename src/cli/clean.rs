//! `clean`: the copies of editors and tools that hold keys.

use std::io::{self, Write};
use std::path::Path;

use super::visible;
use crate::project::{Workspace, copies_with_keys, delete_copy};

/// Shows the copies, asks, and deletes them.
pub(super) fn clean(
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    let workspace = Workspace::open(Path::new("."))?;
    let copies = copies_with_keys(&workspace);
    if copies.is_empty() {
        writeln!(out, "no copy of an editor or a tool holds a key")?;
        return Ok(());
    }
    writeln!(out, "deletes:")?;
    for copy in &copies {
        writeln!(out, "  {} ({})", visible(&copy.path), copy.kind)?;
    }
    writeln!(out, "  what was not saved and is only there is gone with it")?;
    if !yes && !ask(out)? {
        writeln!(out, "nothing was deleted")?;
        return Ok(());
    }
    for copy in &copies {
        delete_copy(&workspace, copy).map_err(|error| anyhow::anyhow!("{}: {error}", visible(&copy.path)))?;
    }
    writeln!(out, "deleted")?;
    Ok(())
}
