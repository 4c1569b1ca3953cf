//! `explain`, `rules`, `providers`, `completions`: what the program knows. No sample key is shown.

use std::io::{self, Write};

use clap_complete::Shell;

use super::args;
use super::report::visible;
use crate::rules::{RULES, Rule};
use crate::secrets::{Catalogue, Confidence, Format, Level, Provider, Shape};

/// The docs of a rule.
pub fn explain(out: &mut dyn Write, rule: &Rule) -> io::Result<()> {
    writeln!(out, "{} ({})\n\n{}", rule.id, rule.severity.name(), rule.docs)?;
    writeln!(out, "\nTo accept one finding, write `aikeys: ignore[{}] reason` in a comment on its line or the line above.", rule.id)
}

/// Every rule with its severity and summary.
pub fn rules(out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[&str; 3]> = RULES.iter().map(|rule| [rule.id, rule.severity.name(), rule.summary()]).collect();
    table(out, ["rule", "severity", "what it finds"], &rows)
}

/// Every provider with its variable and the shapes that its keys are known by.
pub fn providers(out: &mut dyn Write, catalogue: &Catalogue) -> io::Result<()> {
    let known: Vec<String> = catalogue.providers.iter().map(|provider| found_by(provider).to_owned()).collect();
    let rows: Vec<[&str; 4]> = catalogue
        .providers
        .iter()
        .zip(&known)
        .map(|(provider, known)| [provider.id.as_str(), provider.name.as_str(), provider.env.as_str(), known.as_str()])
        .collect();
    table(out, ["provider", "name", "variable", "found by"], &rows)
}

/// What a user may mean by `name`: an id, a name, a variable.
pub fn provider_named<'c>(catalogue: &'c Catalogue, name: &str) -> Option<&'c Provider> {
    let same = |provider: &&Provider| provider.id.eq_ignore_ascii_case(name) || provider.name.eq_ignore_ascii_case(name);
    catalogue.providers.iter().find(same).or_else(|| catalogue.provider_of_env(name))
}

/// Providers whose id or name holds `name`, or begins as it does.
pub fn providers_like<'c>(catalogue: &'c Catalogue, name: &str) -> Vec<&'c str> {
    let name = name.to_ascii_lowercase();
    let start: String = name.chars().take(3).collect();
    let ids = || catalogue.providers.iter().map(|provider| provider.id.as_str());
    let holds: Vec<&str> = ids().filter(|id| id.contains(&name)).take(5).collect();
    if holds.is_empty() { ids().filter(|id| id.starts_with(&start)).take(5).collect() } else { holds }
}

/// All that is known of one provider.
pub fn provider(out: &mut dyn Write, provider: &Provider) -> io::Result<()> {
    writeln!(out, "{} ({})\n", provider.name, provider.id)?;
    let line = |out: &mut dyn Write, what: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(out, "{what:<12}{}", visible(value)),
    };
    line(out, "variable", &provider.env)?;
    line(out, "also", &provider.aliases.join(", "))?;
    line(out, "related", &provider.related.join(", "))?;
    line(out, "hosts", &provider.hosts.join(", "))?;
    line(out, "sent as", &provider.auth)?;
    line(out, "keys page", &provider.keys_page)?;
    line(out, "status", &provider.status)?;
    line(out, "note", &provider.note)?;
    if !provider.keys.is_empty() {
        writeln!(out, "\nkeys")?;
        for shape in &provider.keys {
            writeln!(out, "  {}: {} ({})", shape.id, shape.name, describe(shape))?;
        }
    }
    if !provider.clients.is_empty() {
        writeln!(out, "\nclients")?;
        for client in &provider.clients {
            writeln!(out, "  {}: {} of {}", client.lang, client.symbol, client.package)?;
        }
    }
    Ok(())
}

/// Completions for a shell.
pub fn completions(out: &mut dyn Write, shell: Shell) -> io::Result<()> {
    let mut buffer = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "aikeys-lsp", &mut buffer);
    out.write_all(&buffer)
}

fn found_by(provider: &Provider) -> &'static str {
    if provider.keys.iter().any(Shape::stands_alone) {
        "its shape"
    } else if provider.keys.iter().any(|shape| shape.format != Format::Opaque) {
        "its shape in context"
    } else {
        "its place"
    }
}

fn describe(shape: &Shape) -> String {
    let start = match shape.prefix() {
        "" => String::new(),
        prefix => format!("begins with `{prefix}`, "),
    };
    let format = match shape.format {
        Format::Distinctive => "found anywhere",
        Format::Contextual => "found where its provider is named",
        Format::Opaque => "found in places that only this key fills",
    };
    let sure = match shape.confidence {
        Confidence::Low => "one source",
        Confidence::Medium => "two sources",
        Confidence::High => "well known",
    };
    let cost = match shape.severity {
        Level::None => "public",
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
        Level::Critical => "critical",
    };
    format!("{start}{format}, {sure}, damage {cost}")
}

/// Columns as wide as their widest cell; the last one is as long as it is.
fn table<const N: usize>(out: &mut dyn Write, head: [&str; N], rows: &[[&str; N]]) -> io::Result<()> {
    let width = |column: usize| rows.iter().chain([&head]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in [&head].into_iter().chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
