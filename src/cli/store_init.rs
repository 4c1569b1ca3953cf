//! `store init`: the encrypted store of a workspace, and this machine's identity.

use std::io::{self, Write};
use std::path::Path;

use crate::project::Workspace;
use crate::stores;

/// Makes what is not there yet, and says so.
pub fn init(
    folder: &Path,
    passphrase: bool,
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    let workspace = Workspace::open(folder)?;
    let root = workspace.root();
    writeln!(out, "an encrypted store for {}:", root.display())?;
    writeln!(out, "  {} holds the keys; it may be committed", stores::SECRETS)?;
    writeln!(out, "  {} lists who can read them", stores::RECIPIENTS)?;
    writeln!(out, "  your identity, which opens it, lies in your own configuration folder")?;
    if !yes && !ask(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    if passphrase {
        let identity = stores::protect()?;
        writeln!(out, "a passphrase protects {}: without it the keys are lost", identity.display())?;
    }
    let made = stores::init(root)?;
    let (identity, is_new) = made.identity;
    let identity = identity.display();
    match is_new {
        true => writeln!(out, "made {identity}: keep a copy, without it the keys are lost")?,
        false => writeln!(out, "{identity} is there already")?,
    }
    match made.store {
        true => writeln!(out, "made {}", stores::SECRETS)?,
        false => writeln!(out, "{} is there already", stores::SECRETS)?,
    }
    if let Some(key) = made.waiting {
        writeln!(out, "this machine cannot read it yet: send a teammate your public key, who then runs")?;
        writeln!(out, "  aikeys-lsp add-recipient {key}")?;
        writeln!(out, "and commits what that changed")?;
        return Ok(());
    }
    writeln!(out, "keys now move there: `aikeys-lsp --check --fix`; start programs with `aikeys-lsp run -- …`")?;
    Ok(())
}
