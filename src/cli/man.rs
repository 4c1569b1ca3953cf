//! `man`: the pages of the manual, made from the same words as `--help`.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{args, visible};

/// The main page, or a page of every command in a folder.
pub fn man(out: &mut dyn Write, folder: Option<&Path>) -> Result<()> {
    // A page belongs to a version, and not to a build of it.
    let command = args::command().long_version(None);
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return Ok(out.write_all(&page)?);
    };
    let made = || fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    made().with_context(|| format!("{}: no pages can be written here", visible(folder)))
}
