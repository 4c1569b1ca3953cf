//! `explain`, `rules`, `providers`, `completions`: what the program knows. No sample key is shown.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use clap_complete::Shell;

use super::args;
use super::report::visible;
use crate::checks::look::document;
use crate::moves;
use crate::project::{self, Workspace, recall_in};
use crate::rules::{self, Finding, RULES, Rule};
use crate::secrets::{Catalogue, Confidence, Format, Level, Provider, Shape, discreet, without_keys};

/// The docs of a rule, or what was seen in a line.
pub fn explain(out: &mut dyn Write, what: &str) -> Result<()> {
    if let (Some((path, line)), None) = (what.rsplit_once(':'), Rule::named(what)) {
        let line: u32 = line
            .parse()
            .ok()
            .filter(|&line| line > 0)
            .with_context(|| format!("{:?} is no line: write FILE:LINE, the first line is 1", discreet(line)))?;
        return explain_line(out, Path::new(path), line);
    }
    let rule = Rule::named(what).with_context(|| unknown_rule(what))?;
    writeln!(out, "{} ({})\n\n{}", rule.id, rule.severity.name(), rule.docs)?;
    writeln!(
        out,
        "\nTo accept one finding, write `aikeys: ignore[{}] reason` in a comment on its line or the line above.",
        rule.id
    )?;
    Ok(())
}

fn unknown_rule(word: &str) -> String {
    let close = |rule: &&&Rule| similar::TextDiff::from_chars(rule.id, word).ratio() > 0.7;
    let tip = match RULES.iter().find(close) {
        Some(rule) => format!("do you mean {}?", rule.id),
        None => "`aikeys-lsp rules` lists them; for a line write FILE:LINE".to_owned(),
    };
    format!("there is no rule {:?}: {tip}", discreet(word))
}

/// What was seen in a line of a file, what speaks for a key and what against, and what the settings make of it.
fn explain_line(out: &mut dyn Write, path: &Path, number: u32) -> Result<()> {
    let source = project::read(path)?;
    let workspace = Workspace::open(path)?;
    let relative = workspace.relative(path);
    let (doc, _) = document(&relative, source);
    let shown = |text: &str| visible(&without_keys(text));
    let lines = doc.text().lines().count();
    if number as usize > lines {
        anyhow::bail!("{}: there is no line {number}: it has {lines}", shown(&path.display().to_string()));
    }
    let language = doc.language().map_or("plain text", |language| &language.name);
    writeln!(out, "{}:{number} ({language})", shown(&path.display().to_string()))?;
    if workspace.passes_by(&relative, false)? {
        writeln!(out, "  the settings exclude this file from walks")?;
    }
    if workspace.git_ignores(&relative) == Some(true) {
        writeln!(out, "  git ignores this file: walks pass it by, and errors about keys become warnings")?;
    }
    let line = doc.lines().span(number - 1);
    let around = moves::around(&workspace, &relative, &|| recall_in(workspace.root()));
    let seen = rules::why(&doc, &around, line);
    let mut reported = workspace.judge(&relative, rules::check(&doc, &around))?;
    let all = reported.clone();
    workspace.take_known(&relative, &mut reported)?;
    let is_known = |at: &Finding| {
        let same = |it: &&Finding| it.rule == at.rule && it.span == at.span;
        all.iter().any(|it| same(&it)) && !reported.iter().any(|it| same(&it))
    };
    for it in &seen {
        writeln!(out, "\n  column {}: {}", it.span.start.saturating_sub(line.start) + 1, it.what)?;
        for hint in &it.hints {
            writeln!(out, "    - {}", shown(hint))?;
        }
        let Some(finding) = &it.finding else {
            writeln!(out, "    nothing is reported")?;
            continue;
        };
        let given = rules::adjusted(finding.severity, finding.secret.is_some(), workspace.git_state(&relative));
        match workspace.severity(&relative, finding.rule, given) {
            Some(severity) => {
                writeln!(out, "    {}[{}]: {}", severity.name(), finding.rule, shown(&finding.message))?;
                if is_known(finding) {
                    writeln!(out, "    the baseline lists it, so that it is not reported")?;
                }
            }
            None => writeln!(out, "    the settings switch {} off here", finding.rule)?,
        }
    }
    if seen.is_empty() {
        writeln!(out, "  no text here is long enough for a key, and no variable of a provider is read")?;
    }
    Ok(())
}

/// Every rule with its severity and summary.
pub fn rules(out: &mut dyn Write) -> io::Result<()> {
    let row = |rule: &&Rule| [rule.id.to_owned(), rule.level(), rule.summary().to_owned()];
    let rows: Vec<[String; 3]> = RULES.iter().map(row).collect();
    table(out, ["rule", "severity", "what it finds"], &rows)
}

/// Every provider with its variable and how its keys are found, the user's own ones last; with a name, all that is known
/// of one.
pub fn providers(out: &mut dyn Write, catalogue: &Catalogue, name: Option<&str>) -> Result<()> {
    let Some(name) = name else { return Ok(all_providers(out, catalogue)?) };
    let same =
        |provider: &&Provider| provider.id.eq_ignore_ascii_case(name) || provider.name.eq_ignore_ascii_case(name);
    let named = catalogue.providers.iter().find(same).or_else(|| catalogue.provider_of_env(name));
    Ok(provider(out, named.with_context(|| unknown(catalogue, name))?)?)
}

fn all_providers(out: &mut dyn Write, catalogue: &Catalogue) -> io::Result<()> {
    let row = |provider: &'_ Provider| [&provider.id, &provider.name, &provider.env, found_by(provider)].map(shown);
    let rows: Vec<[String; 4]> = catalogue.providers.iter().map(row).collect();
    table(out, ["provider", "name", "variable", "found by"], &rows)
}

/// The providers whose id holds the word, or begins as it does, in a message.
fn unknown(catalogue: &Catalogue, name: &str) -> String {
    let word = name.to_ascii_lowercase();
    let start: String = word.chars().take(3).collect();
    let ids = || catalogue.providers.iter().map(|provider| provider.id.as_str());
    let holds: Vec<&str> = ids().filter(|id| id.contains(&word)).take(5).collect();
    let like = if holds.is_empty() { ids().filter(|id| id.starts_with(&start)).take(5).collect() } else { holds };
    let tip = if like.is_empty() {
        "`aikeys-lsp providers` lists them".to_owned()
    } else {
        format!("do you mean {}?", like.join(", "))
    };
    format!("there is no provider {:?}: {tip}", discreet(name))
}

fn provider(out: &mut dyn Write, provider: &Provider) -> io::Result<()> {
    writeln!(out, "{} ({})\n", shown(&provider.name), shown(&provider.id))?;
    let line = |out: &mut dyn Write, what: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(out, "{what:<12}{}", shown(value)),
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
            writeln!(out, "  {}: {} ({})", shown(&shape.id), shown(&shape.name), shown(&describe(shape)))?;
        }
    }
    if !provider.clients.is_empty() {
        writeln!(out, "\nclients")?;
        for client in provider.clients.iter().filter(|client| client.takes_key()) {
            let [lang, symbol, package] = [&client.lang, &client.symbol, &client.package].map(|it| shown(it));
            writeln!(out, "  {lang}: {symbol} of {package}")?;
        }
    }
    Ok(())
}

/// What users wrote of their own providers is printed as well.
fn shown(text: &str) -> String {
    visible(&without_keys(text))
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
fn table<const N: usize>(out: &mut dyn Write, head: [&str; N], rows: &[[String; N]]) -> io::Result<()> {
    let head = head.map(str::to_owned);
    let rows = || [&head].into_iter().chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|column| rows().map(|row| row[column].chars().count()).max().unwrap_or(0));
    for row in rows() {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
