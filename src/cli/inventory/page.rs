//! The inventory as one page that needs nothing else.

use jiff::Timestamp;

use super::{columns, summary};
use crate::inventory::{Entry, Inventory};
use crate::project::Workspace;
use crate::secrets::without_keys;

/// The page, but for what is in it.
const PAGE: &str = include_str!("page.html");
/// How far a key can get, the worst first.
const LEVELS: [&str; 6] = ["pushed", "committed", "source", "env", "store", "none"];
/// How many bars a chart has.
const BARS: usize = 8;

/// The whole page.
pub(super) fn page(workspace: &Workspace, found: &Inventory) -> String {
    let title = format!("Keys of {}", without_keys(workspace.name()));
    let named = found.entries.first().map(|it| columns(it).map(|(name, _)| name)).unwrap_or_default();
    let head: String = named.iter().map(|name| format!("<th><button>{name}</button></th>")).collect();
    let rows: Vec<String> = found.entries.iter().map(row).collect();
    let mut providers: Vec<(String, usize)> = Vec::new();
    for entry in &found.entries {
        match providers.iter_mut().find(|(name, _)| *name == entry.name) {
            Some((_, count)) => *count += 1,
            None => providers.push((entry.name.clone(), 1)),
        }
    }
    providers.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let rest: usize = providers.iter().skip(BARS).map(|(_, count)| count).sum();
    providers.truncate(BARS);
    providers.extend((rest > 0).then(|| ("others".to_owned(), rest)));
    let level = |level: &&str| {
        let count = found.entries.iter().filter(|it| it.exposure.first() == Some(level)).count();
        (count > 0).then(|| ((*level).to_owned(), count))
    };
    let levels: Vec<(String, usize)> = LEVELS.iter().filter_map(level).collect();
    let charts = chart("By provider", &providers) + &chart("How far they got", &levels);
    let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
    // What is put in is not looked through again.
    let parts = [
        ("{title}", escaped(&title)),
        ("{summary}", escaped(&summary(found))),
        ("{date}", date),
        ("{charts}", charts),
        ("{head}", head),
        ("{rows}", rows.join("\n")),
    ];
    let mut text = String::new();
    let mut rest = PAGE;
    while let Some((at, (mark, value))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, part))).min_by_key(|(at, _)| *at)
    {
        text.push_str(&rest[..at]);
        text.push_str(value);
        rest = &rest[at + mark.len()..];
    }
    text + rest
}

fn row(entry: &Entry) -> String {
    let cell = |(name, cell): (&str, String)| match name {
        "exposure" => {
            let worst = LEVELS.iter().position(|it| entry.exposure.first() == Some(it)).unwrap_or(LEVELS.len());
            let tag = |it: &&str| format!("<span class=\"tag {it}\">{it}</span>");
            format!("<td data-sort=\"{worst}\">{}</td>", entry.exposure.iter().map(tag).collect::<String>())
        }
        "key" | "variable" | "since" | "defined" | "read" | "fingerprint" => {
            let lines: Vec<String> = cell.split("; ").map(escaped).collect();
            format!("<td class=\"code\">{}</td>", lines.join("<br>"))
        }
        _ => format!("<td>{}</td>", cell.split("; ").map(escaped).collect::<Vec<_>>().join("<br>")),
    };
    format!("<tr>{}</tr>", columns(entry).map(cell).concat())
}

/// Bars that lie, with their names before and their numbers behind them.
fn chart(title: &str, bars: &[(String, usize)]) -> String {
    const ROW: usize = 24;
    const NAME: usize = 150;
    const WIDE: usize = 180;
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let bar = |(at, (name, count)): (usize, &(String, usize))| {
        let (y, width) = (at * ROW, (count * WIDE / most).max(2));
        let (text, behind) = (y + 16, NAME + width + 8);
        let colour = match name.as_str() {
            "pushed" | "committed" => "--bad",
            "source" => "--warn",
            "store" => "--good",
            _ => "--plain",
        };
        format!(
            "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{NAME}\" y=\"{}\" width=\"{width}\" height=\"16\" rx=\"3\" style=\"fill: var({colour})\"/>\
             <text x=\"{behind}\" y=\"{text}\">{count}</text>",
            NAME - 8,
            escaped(&shortened(name)),
            y + 4
        )
    };
    let bars_shown: String = bars.iter().enumerate().map(bar).collect();
    let (width, height) = (NAME + WIDE + 50, bars.len().max(1) * ROW);
    format!(
        "<figure><h2>{title}</h2><svg width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\
         {bars_shown}</svg></figure>\n"
    )
}

fn shortened(name: &str) -> String {
    const MOST: usize = 20;
    match name.chars().count() {
        0..=MOST => name.to_owned(),
        _ => name.chars().take(MOST - 1).chain(['…']).collect(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
