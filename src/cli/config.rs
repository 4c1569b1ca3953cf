//! `config`: the settings that count for a path, each with where it comes from; and their schema. No keys, no tokens.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::{Result, ensure};
use serde_json::json;

use super::args::{Config, Schema, Shown};
use super::report::visible;
use crate::project::{Counting, Workspace, policy_schema, schema};
use crate::secrets::discreet;

/// Variables that the stores read. Only their names are shown.
pub(super) const VARIABLES: [&str; 23] = [
    "AIKEYS_IDENTITY",
    "AIKEYS_POLICY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER",
    "CLOUDSDK_CORE_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "VAULT_ADDR",
    "VAULT_CACERT",
    "VAULT_NAMESPACE",
    "VAULT_ROLE_ID",
    "VAULT_SKIP_VERIFY",
    "VAULT_TOKEN",
];

/// Shows them.
pub(super) fn config(args: &Config, out: &mut dyn Write) -> Result<()> {
    if let Some(what) = args.schema {
        let schema = match what {
            Schema::Settings => schema(),
            Schema::Policy => policy_schema(),
        };
        writeln!(out, "{}", serde_json::to_string_pretty(&schema)?)?;
        return Ok(());
    }
    let shown = super::visible(&crate::checks::shown(&args.path));
    ensure!(args.path.exists(), "{}: there is no such file or folder", discreet(&shown));
    let workspace = Workspace::open(&args.path)?;
    let relative = workspace.relative(&args.path);
    let is_folder = args.path.is_dir();
    let counting = workspace.counting(&relative, is_folder)?;
    let shown = if shown.is_empty() { "." } else { &shown };
    let ignored = workspace.git_ignores(&relative) == Some(true);
    let set: Vec<&str> = VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
    match args.format {
        Shown::Json => json(shown, &counting, ignored, &set, out),
        Shown::Human => human(shown, &counting, ignored, &set, out),
    }
}

/// A text of somebody's settings.
fn safe(text: &str) -> String {
    visible(&discreet(text))
}

fn human(path: &str, counting: &Counting, ignored: bool, set: &[&str], out: &mut dyn Write) -> Result<()> {
    let mut text = format!("settings for {path}\n");
    if counting.files.is_empty() {
        writeln!(text, "\nno file of settings lies here or above in this workspace: these are the defaults")?;
    } else {
        writeln!(text, "\nfiles from the nearest one up, by their paths from the root")?;
    }
    for file in &counting.files {
        writeln!(text, "  {}: {}", super::visible(&file.path), file.what)?;
    }
    writeln!(text, "\nsettings")?;
    let width =
        counting.settings.iter().map(|it| it.key.len() + it.value.chars().count() + 3).max().unwrap_or(0).min(60);
    for it in &counting.settings {
        let both = safe(&format!("{} = {}", it.key, it.value));
        let without = it.without_effect.map(|why| format!(", no effect: {why}")).unwrap_or_default();
        writeln!(text, "  {both:<width$}  {}{without}", safe(&it.origin))?;
    }
    if !counting.rules.is_empty() {
        writeln!(text, "\nrules that are not as severe here as by themselves")?;
    }
    for it in &counting.rules {
        writeln!(text, "  {}: {} instead of {}, {}", it.rule, it.severity, it.by_itself, safe(&it.origin))?;
    }
    if let Some((pattern, origin)) = &counting.excluded {
        writeln!(text, "\nwalks pass this path by: exclude {:?}, {}", safe(pattern), safe(origin))?;
    }
    if ignored {
        writeln!(text, "\ngit ignores this path: walks pass it by, unless git tracks it or it is an env file")?;
    }
    if !set.is_empty() {
        writeln!(text, "\nvariables that stores read, and that are set: {}", set.join(", "))?;
    }
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn json(path: &str, counting: &Counting, ignored: bool, set: &[&str], out: &mut dyn Write) -> Result<()> {
    let files =
        counting.files.iter().map(|it| json!({"path": super::visible(&it.path), "counts": it.counts, "what": it.what}));
    let settings = counting.settings.iter().map(|it| {
        let (key, value, origin) = (safe(&it.key), safe(&it.value), safe(&it.origin));
        json!({"key": key, "value": value, "origin": origin, "without_effect": it.without_effect})
    });
    let rules = counting.rules.iter().map(
        |it| json!({"rule": it.rule, "severity": it.severity, "by_itself": it.by_itself, "origin": safe(&it.origin)}),
    );
    let excluded = counting.excluded.as_ref();
    let whole = json!({
        "version": 1,
        "path": path,
        "files": files.collect::<Vec<_>>(),
        "settings": settings.collect::<Vec<_>>(),
        "rules": rules.collect::<Vec<_>>(),
        "excluded": excluded.map(|(pattern, origin)| json!({"pattern": safe(pattern), "origin": safe(origin)})),
        "git_ignores": ignored,
        "variables": set,
    });
    writeln!(out, "{}", serde_json::to_string_pretty(&whole)?)?;
    Ok(())
}
