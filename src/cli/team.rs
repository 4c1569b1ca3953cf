//! `add-recipient` and `rekey`: who can read the encrypted store of a workspace.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};

use super::report::visible;
use crate::project::{Workspace, read_small};
use crate::secrets::discreet;
use crate::stores::{Local, RECIPIENTS, Reader, Rekey, SECRETS, readers};

/// Lets the owners of these public keys read the store of the workspace around `folder`.
pub fn add_recipient(
    folder: &Path,
    keys: &[String],
    name: Option<&str>,
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    let mut more: Vec<Reader> = Vec::new();
    for key in keys {
        more.extend(named(key)?);
    }
    if let Some(name) = name {
        let is_line = !name.trim().is_empty() && !name.chars().any(char::is_control);
        anyhow::ensure!(is_line && more.len() == 1, "`--as` takes a line of text, for one public key");
        more[0].name = Some(name.trim().to_owned());
    }
    encrypt_anew(folder, &more, yes, out, ask)
}

/// Encrypts the store to those whom its list of recipients names now.
pub fn rekey(
    folder: &Path,
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    encrypt_anew(folder, &[], yes, out, ask)
}

/// A public key, or the keys in a file. What was meant as one can be a private key: it is not repeated.
fn named(key: &str) -> anyhow::Result<Vec<Reader>> {
    let error = match Reader::parse(key) {
        Ok(reader) => return Ok(vec![reader]),
        Err(error) => error,
    };
    let file = Path::new(key);
    let shown = discreet(&super::visible(file));
    if key.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") || !file.exists() {
        bail!("{shown}: {error}");
    }
    let text = read_small(file)?.unwrap_or_default();
    let text = String::from_utf8(text).ok().with_context(|| format!("{shown}: this is no list of public keys"))?;
    let all = readers(&text).map_err(|(line, what)| anyhow::anyhow!("{shown}:{line}: {what}"))?;
    anyhow::ensure!(!all.is_empty(), "{shown}: there is no public key in this file");
    Ok(all)
}

fn encrypt_anew(
    folder: &Path,
    more: &[Reader],
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    let workspace = Workspace::open(folder)?;
    let store = Local::open(workspace.root());
    let rekey = store.rekey(more)?;
    if !more.is_empty() && rekey.added.is_empty() && rekey.removed.is_empty() {
        writeln!(out, "nothing to do: they can read {SECRETS} already")?;
        return Ok(());
    }
    write_readers(&rekey, out)?;
    if !yes && !ask(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    store.carry_out(&rekey)?;
    writeln!(out, "encrypted {SECRETS} anew: commit it together with {RECIPIENTS}")?;
    if !rekey.removed.is_empty() && !rekey.names.is_empty() {
        writeln!(
            out,
            "who was removed still knows the old keys, and can open what git has of the file: make new keys at their \
             providers for {}",
            shown(&rekey.names.join(", "))
        )?;
    }
    Ok(())
}

/// Who can read the file, and what changes.
fn write_readers(rekey: &Rekey, out: &mut dyn Write) -> io::Result<()> {
    if rekey.is_remade {
        writeln!(out, "this machine did not write this file, nor anybody who could read the one it wrote")?;
    }
    let count = rekey.names.len();
    let keys = if count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
    writeln!(out, "{SECRETS} with {keys} can then be read by:")?;
    for reader in &rekey.readers {
        let own = rekey.own.contains(&reader.key).then(|| "this machine".to_owned());
        let name = reader.name.as_deref().map(|name| format!("\"{}\"", shown(name)));
        let notes: Vec<String> = own.into_iter().chain(name).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        let sign = if rekey.added.contains(reader) { '+' } else { ' ' };
        writeln!(out, "{sign} {}{notes}", reader.key)?;
    }
    for key in &rekey.removed {
        writeln!(out, "- {key}")?;
    }
    Ok(())
}

/// A text of the list or a name, which anybody may have written.
fn shown(text: &str) -> String {
    visible(&discreet(text))
}
