//! A variable that stands twice in one env file.

use std::collections::HashMap;

use super::context::Context;
use super::env_file_in_git::listed;
use super::{Finding, Rule, Severity};
use crate::fixes::{Fix, Repairs, Safety};
use crate::secrets::{EnvLine, Placeholder, classify, env_lines, env_value};
use crate::syntax::EnvLoader;
use crate::text::{Change, Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "duplicate-env-key",
    severity: Severity::Warning,
    cwe: &[694],
    docs: "The variable of a key stands twice in one env file.

Of two values some loaders take the first (dotenvy), most take the last: programs of one folder work with different keys, and \
after a rotation the old key goes on where nobody looks for it. The message says what the loaders do that are in use here.

Comment out the one that is not meant. Of two equal lines one can go.",
    check,
    fixes: |context, finding| repair(context, finding).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // A shell script may choose between its lines.
    if !context.is_env_file() || context.doc.path().ends_with(".envrc") {
        return;
    }
    let lines = env_lines(context.doc.text());
    let mut firsts: HashMap<&str, &EnvLine> = HashMap::new();
    for line in &lines {
        let first = *firsts.entry(context.doc.slice(line.name)).or_insert(line);
        if first.name != line.name
            && let Some((severity, says)) = judged(context, first, line)
        {
            let name = context.doc.slice(line.name);
            let number = context.doc.lines().line_of(first.name.start) + 1;
            let message = format!("{name} stands in line {number} as well, with {says}");
            let provider = context.catalogue().provider_of_env(name);
            findings.push(context.plain_finding(RULE.id, severity, line.name, message, provider));
        }
    }
}

/// The first line with the same name.
fn first<'l>(context: &Context<'_>, lines: &'l [EnvLine], line: &EnvLine) -> Option<&'l EnvLine> {
    let name = context.doc.slice(line.name);
    lines.iter().find(|it| context.doc.slice(it.name) == name)
}

/// How bad it is that both stand there; `None` where it is not, or none of ours.
fn judged(context: &Context<'_>, first: &EnvLine, second: &EnvLine) -> Option<(Severity, String)> {
    let text = context.doc.text();
    let name = context.doc.slice(second.name);
    let is_key = |line: &EnvLine| context.tokens().iter().any(|it| line.value.contains(it.span));
    if context.catalogue().provider_of_env(name).is_none() && !is_key(first) && !is_key(second) {
        return None;
    }
    let values = [first, second].map(|it| env_value(text, it));
    let is_blank = |value: &String| {
        value.is_empty() || classify(context.catalogue(), value).is_some_and(|it| it != Placeholder::Reference)
    };
    let blank = [is_blank(&values[0]), is_blank(&values[1])];
    // `A=${A:-x}` goes on from the line before.
    if blank == [true, true] || has_variable(&values[1], name) {
        return None;
    }
    if values[0] == values[1] {
        return Some((Severity::Hint, "the same value".to_owned()));
    }
    let (early, late): (Vec<&EnvLoader>, Vec<_>) = context.around.beside.loaders.iter().partition(|it| it.first);
    // What is filled in further down is what most loaders take.
    if blank == [true, false] && early.is_empty() {
        return None;
    }
    let names = |loaders: &[&EnvLoader]| listed(&loaders.iter().map(|it| it.name.clone()).collect::<Vec<_>>());
    let take = |loaders: &[&EnvLoader]| if loaders.len() == 1 { "takes" } else { "take" };
    let who = match (early.is_empty(), late.is_empty()) {
        (true, true) => "some loaders take the first, most the last".to_owned(),
        (true, false) => format!("{} {} the last", names(&late), take(&late)),
        (false, true) => format!("{} {} the first", names(&early), take(&early)),
        (false, false) => {
            format!("{} {} the first, {} {} the last", names(&early), take(&early), names(&late), take(&late))
        }
    };
    Some((RULE.severity, format!("another value: {who}")))
}

/// `$NAME` or `${NAME` stands in the value.
fn has_variable(value: &str, name: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = value.match_indices('$').map(|(at, _)| value[at + 1..].trim_start_matches('{'));
    starts.filter_map(|rest| rest.strip_prefix(name)).any(|rest| !rest.starts_with(goes_on))
}

/// Comments out one of two values, or takes the second of two equal lines out.
fn repair(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let lines = env_lines(context.doc.text());
    let at = lines.iter().position(|it| it.name == finding.span)?;
    let (first, second) = (first(context, &lines[..at], &lines[at])?, &lines[at]);
    let (severity, _) = judged(context, first, second)?;
    let fix = |title: String, safety: Safety, edit: Edit| {
        let mut change = Change::default();
        change.add(context.doc.path().to_owned(), [edit]).ok()?;
        Some(Fix { title, safety, change, deposit: None, start: None })
    };
    if severity == Severity::Hint {
        let whole = context.doc.text()[..second.line.start as usize].rfind('\n').map_or(0, |it| it + 1);
        let end = context.doc.text()[second.line.end as usize..].find('\n');
        let end = end.map_or(context.doc.text().len(), |it| second.line.end as usize + it + 1);
        // Quotes, `export` and variables make a difference for some loaders.
        let [one, other] = [first, second].map(|it| context.doc.slice(it.line).trim());
        let safety = if one == other && !one.contains('$') { Safety::Safe } else { Safety::Offered };
        let fix = fix("Delete this line".to_owned(), safety, Edit::replace(Span::new(whole, end), ""));
        return Some(Repairs { fixes: fix.into_iter().collect(), refused: None });
    }
    // A comment reaches to the end of its line only.
    if [first, second].iter().any(|it| context.doc.slice(it.line).contains('\n')) {
        return None;
    }
    let number = context.doc.lines().line_of(first.line.start) + 1;
    let titles = [format!("Comment out line {number}"), "Comment out this line".to_owned()];
    let fixes = titles.into_iter().zip([first, second]);
    let fixes = fixes.filter_map(|(title, line)| {
        fix(title, Safety::Offered, Edit::insert(line.line.start as usize, "# ".to_owned()))
    });
    Some(Repairs { fixes: fixes.collect(), refused: None })
}
