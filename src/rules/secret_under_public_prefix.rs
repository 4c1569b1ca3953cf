//! A key's variable under a name that build tools copy into what browsers load.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, is_for_server};
use crate::secrets::{env_lines, is_env_template};
use crate::syntax::{Fact, Language};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "secret-under-public-prefix",
    severity: Severity::Error,
    cwe: &[200, 522, 540],
    docs: "A key's variable has a name that makes the build tool copy its value into the page.

`NEXT_PUBLIC_`, `VITE_`, `EXPO_PUBLIC_`, `REACT_APP_` and their like mean that the value is written into the files that \
every browser loads, where everyone can read it. Keys were found and used there within hours.

Name the variable without the prefix, read it on the server only, and let the page call your server. \
Rotate the key if such a page was ever published.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.is_env_file() || is_env_template(context.doc.path()) {
        for line in env_lines(context.doc.text()) {
            report(context, findings, line.name);
        }
        return;
    }
    let Some(language) = context.doc.language().filter(|it| !it.is_test_path(context.doc.path())) else { return };
    // Files of settings name what the build is given.
    let is_data = language.identifiers.is_empty();
    for fact in context.facts().iter() {
        match *fact {
            Fact::EnvRead { span, .. } if is_asked_on_server(context, language, span) => {}
            Fact::EnvRead { name, .. } => report(context, findings, name),
            Fact::Binding { name, .. } if is_data => report(context, findings, name),
            _ => {}
        }
    }
}

/// `!!process.env.VITE_OPENAI_API_KEY` in a function of the server: whether it is there, and nothing more.
fn is_asked_on_server(context: &Context<'_>, language: &Language, read: Span) -> bool {
    let Some(browser) = &language.browser else { return false };
    let is_inlined = browser.inlined.iter().any(|it| context.doc.slice(read).starts_with(it.as_str()));
    let (before, behind) = context.doc.text().split_at(read.end as usize);
    let before = before[..read.start as usize].trim_end_matches(['(', ' ']);
    let asks = ["!!", "Boolean", "if"].iter().any(|it| before.ends_with(it)) || behind.starts_with(".length");
    !is_inlined && asks && is_for_server(context.doc.path(), browser)
}

fn report(context: &Context<'_>, findings: &mut Vec<Finding>, name: Span) {
    let variable = context.doc.slice(name);
    let Some(provider) = context.catalogue().provider_of_public(variable) else { return };
    let message = format!("{variable} is copied into what every browser loads: it is the key of {}", provider.name);
    findings.push(context.plain_finding(RULE.id, RULE.severity, name, message, Some(provider)));
}
