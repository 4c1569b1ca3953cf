//! An env file holds references to a store, and the program gets them as they are written.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Fix, Repairs, Safety};
use crate::secrets::{SecretRef, discreet, env_lines, env_value, env_value_span};
use crate::syntax::{Launch, launches};
use crate::text::{Change, Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "reference-not-resolved",
    severity: Severity::Warning,
    cwe: &[754],
    docs: "An env file holds a reference to a secret, and nothing resolves it: the program takes its text for the key.

The provider then answers \"incorrect API key\", and learns how your store is laid out. Nothing is said where anything in \
the workspace resolves references: `aikeys-lsp run`, `vals exec`, `op run` and their like, also in a README.

Start the program with `aikeys-lsp run -- COMMAND`: that is the fix here. Where the store was asked and has no such secret, \
mend the reference, or put the secret there.",
    check,
    fixes: |context, finding| Repairs { fixes: prefixed(context, finding), refused: refused(context, finding) },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_env_file() {
        return;
    }
    let references = references(context);
    let mut said = false;
    for (span, reference) in &references {
        let missing = context.around.checked.get(reference).and_then(|it| Some((it, it.problem.as_ref()?)));
        if let Some((checked, problem)) = missing {
            let message =
                format!("the store did not give this secret when it was asked at {}: {problem}", checked.time);
            findings.push(context.plain_finding(RULE.id, RULE.severity, *span, message, None));
        } else if let (false, Some(message)) = (said, bare(context)) {
            let mut finding = context.plain_finding(RULE.id, RULE.severity, *span, message, None);
            if references.len() > 1 {
                finding.notes.push(format!("the same goes for the other references here: {} in all", references.len()));
            }
            findings.push(finding);
            said = true;
        }
    }
}

/// The programs that are started without anything that resolves references.
fn launches_of(context: &Context<'_>) -> Vec<Launch> {
    context.around.launchers.iter().flat_map(|file| launches(file.path(), file.text())).collect()
}

/// The values that are references, with their texts.
fn references(context: &Context<'_>) -> Vec<(Span, String)> {
    let text = context.doc.text();
    let lines = env_lines(text).into_iter().map(|line| (env_value_span(text, &line), env_value(text, &line)));
    lines.filter(|(_, value)| SecretRef::parse(value).is_some()).collect()
}

/// What is said of programs that are started without anything that resolves references.
fn bare(context: &Context<'_>) -> Option<String> {
    let launches = launches_of(context);
    let first = launches.first()?;
    let more = match launches.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let place = first.path.file_name().map_or_else(String::new, |it| it.to_string_lossy().into_owned());
    let does = if first.how.is_empty() { "starts without `aikeys-lsp run`" } else { "hands its text on" };
    Some(discreet(&format!("nothing resolves this reference: `{}` in {place}{more} {does}", first.name)))
}

/// Each command gets the runner before it: one fix a file.
fn prefixed(context: &Context<'_>, finding: &Finding) -> Vec<Fix> {
    if was_asked(context, finding) {
        return Vec::new();
    }
    let launches = launches_of(context);
    let mut paths: Vec<_> = launches.iter().filter(|it| it.edit.is_some()).map(|it| &it.path).collect();
    paths.dedup();
    let fix = |path: &std::path::PathBuf| {
        let here = || launches.iter().filter(|it| it.path == *path && it.edit.is_some());
        let mut change = Change::default();
        change.add(path.clone(), here().filter_map(|it| Some(naming(context, it.edit.clone()?)))).ok()?;
        let names: Vec<String> = here().map(|it| format!("`{}`", it.name)).collect();
        let title = format!("Start {} with `aikeys-lsp run` in {}", names.join(", "), path.display());
        Some(Fix { title, safety: Safety::Offered, change, deposit: None, start: None })
    };
    paths.into_iter().filter_map(fix).collect()
}

/// The runner looks for `.env` by itself; another file beside the command is named to it.
fn naming(context: &Context<'_>, edit: Edit) -> Edit {
    match context.doc.path().file_name().and_then(|name| name.to_str()) {
        None | Some(".env") => edit,
        Some(name) => Edit { insert: edit.insert.replace(" -- ", &format!(" --env-file {name} -- ")), ..edit },
    }
}

/// What to do where nothing can be put before the command.
fn refused(context: &Context<'_>, finding: &Finding) -> Option<String> {
    if was_asked(context, finding) {
        return None;
    }
    let launches = launches_of(context);
    let by_hand = launches.iter().find(|it| it.edit.is_none())?;
    let how =
        if by_hand.how.is_empty() { "start all of the command with `aikeys-lsp run -- …`" } else { &by_hand.how };
    Some(format!("`{}` in {}: {how}", by_hand.name, by_hand.path.display()))
}

/// It was found because the store has no such secret.
fn was_asked(context: &Context<'_>, finding: &Finding) -> bool {
    let text = context.doc.slice(finding.span);
    context.around.checked.get(text).is_some_and(|it| it.problem.is_some())
}
