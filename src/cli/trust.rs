//! `trust`: the stores that a workspace names count from now on.

use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use crate::project::Workspace;

/// Shows what would count, asks, and remembers it. A later change of the table has to be trusted anew.
pub(super) fn trust(
    yes: bool,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<()> {
    let workspace = Workspace::open(Path::new("."))?;
    let root = workspace.root().display();
    let Some(own) = workspace.own_stores()? else {
        writeln!(out, "{root} names no stores: there is nothing to trust")?;
        return Ok(());
    };
    writeln!(out, "keys of {root} may then go where its aikeys.toml says:\n")?;
    for (store, settings) in serde_json::to_value(&own)?.as_object().into_iter().flatten() {
        for (name, value) in settings.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            writeln!(out, "  {store}.{name} = {}", super::report::visible(&value.to_string()))?;
        }
        let is_empty = |it: &serde_json::Map<String, Value>| it.values().all(Value::is_null);
        if settings.as_object().is_some_and(is_empty) && store != "exec" {
            writeln!(out, "  {store}: nothing is named here, and what your own settings say of it no longer counts")?;
        }
        if settings.is_string() {
            writeln!(out, "  {store} = {}", super::report::visible(&settings.to_string()))?;
        }
    }
    writeln!(out)?;
    if !yes && !ask(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    workspace.trust(Some(&own))?;
    writeln!(out, "trusted, as long as this table stays as it is")?;
    Ok(())
}

/// Forgets what was trusted.
pub(super) fn remove(out: &mut dyn Write) -> anyhow::Result<()> {
    let workspace = Workspace::open(Path::new("."))?;
    workspace.trust(None)?;
    writeln!(out, "the stores that {} names have no effect any more", workspace.root().display())?;
    Ok(())
}
