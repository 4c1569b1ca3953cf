//! A program needs a key that `aikeys.lock` does not list.

use super::{Rule, Severity};
use crate::fixes::{LOCK, Repairs};

pub(super) static RULE: Rule = Rule {
    id: "unlisted-key",
    severity: Severity::Warning,
    cwe: &[1059],
    docs: "A program reads the key of a provider, and aikeys.lock does not list the variable.

The list says which keys a workspace uses, who answers for them and when they are replaced. Somebody uses a new one, and \
nobody who looks after the keys has seen it. Said only where there is an aikeys.lock.

List it: that is the fix here, and what `aikeys-lsp inventory --write-lock` does for all.",
    check: |context, findings| {
        let Some(lock) = &context.around.lock else { return };
        let mut said: Vec<&str> = Vec::new();
        for read in context.reads() {
            if said.contains(&read.name) || lock.listed.iter().any(|it| it.variable == read.name) {
                continue;
            }
            said.push(read.name);
            let message = format!("{LOCK} does not list {}", read.name);
            findings.push(context.plain_finding(RULE.id, RULE.severity, read.span, message, Some(read.provider)));
        }
    },
    fixes: |context, finding| {
        let name = context.variable_in(finding.span);
        let lock = context.around.lock.as_ref().zip(name).zip(finding.provider.as_deref());
        lock.map_or_else(Repairs::default, |((lock, name), provider)| lock.add(name, provider, &context.around.today))
    },
};
