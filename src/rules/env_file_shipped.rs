//! An env file with keys that goes into a package.

use super::context::Context;
use super::env_file_in_git::{listed, secrets};
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Shipped, shipped};

pub(super) static RULE: Rule = Rule {
    id: "env-file-shipped",
    severity: Severity::Error,
    cwe: &[538, 200],
    docs: "The next package that is made of this folder holds this env file, and its keys.

What is published stays published: registries keep every version, and others copy them. \
A `.npmignore` takes the place of `.gitignore`, `files` and `include` take what they name, and Cargo takes what git does \
not ignore.

Leave the file out where the packager looks, and see what it takes: `npm pack --dry-run`, `cargo package --list`. \
If a package with it was ever published, rotate its keys.",
    check,
    fixes: |context, _| repair(context),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_env_file() || context.around.beside.packing.is_empty() {
        return;
    }
    let keys = secrets(context);
    if keys.is_empty() {
        return;
    }
    let all = shipped(context.doc.path(), context.around);
    let Some(worst) = worst(&all) else { return };
    let (packager, manifest) = (worst.packager, worst.manifest.path().display());
    let what = match packager.uploads {
        true => format!("{} sends this file away with its folder", packager.name),
        false => format!("{} takes this file into the package of {manifest}", packager.name),
    };
    let severity = match (packager.uploads, packager.stops.is_empty()) {
        (true, _) => Severity::Info,
        (false, false) => Severity::Warning,
        (false, true) => RULE.severity,
    };
    let message = format!("{what}, and it holds {}", listed(&keys));
    let mut finding = context.plain_finding(RULE.id, severity, context.first_line(), message, None);
    finding.notes.extend(Some(packager.stops.clone()).filter(|it| !it.is_empty()));
    finding.notes.extend(worst.how());
    findings.push(finding);
}

/// What publishes it, else what sends it away.
fn worst<'s, 'a>(all: &'s [Shipped<'a>]) -> Option<&'s Shipped<'a>> {
    all.iter().find(|it| !it.packager.uploads).or(all.first())
}

fn repair(context: &Context<'_>) -> Repairs {
    let all = shipped(context.doc.path(), context.around);
    worst(&all).map(|it| it.leave_out(context.doc.path(), context.around)).unwrap_or_default()
}
