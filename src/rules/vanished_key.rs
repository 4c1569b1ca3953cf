//! `aikeys.lock` lists a variable that nothing uses any more.

use std::path::Path;

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{LOCK, Lock, Repairs};
use crate::secrets::Provider;

pub(super) static RULE: Rule = Rule {
    id: "vanished-key",
    severity: Severity::Warning,
    cwe: &[1059],
    docs: "aikeys.lock lists a variable that nothing in the workspace reads or names any more.

The key is most likely alive still: whoever has it can use it, and nobody here would notice.

Revoke the key on the provider's page, then take the entry out: `aikeys-lsp inventory --write-lock` does that.",
    check,
    fixes: |_, _| Repairs::default(),
};

/// The document is the workspace's list of keys, and can be read.
pub(super) fn lock_in(context: &Context<'_>) -> Option<Lock> {
    (context.doc.path() == Path::new(LOCK)).then(|| Lock::parse(context.doc.text()).ok()).flatten()
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some((lock, mentioned)) = lock_in(context).zip(context.around.beside.mentioned.as_ref()) else { return };
    for listed in lock.listed.iter().filter(|it| mentioned.get(&it.variable) == Some(&false)) {
        let message = format!("nothing here reads or names {} any more: revoke its key", listed.variable);
        let provider = context.catalogue().provider(&listed.provider);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, listed.at, message, provider);
        let page = provider.and_then(Provider::page);
        finding.notes.extend(page.map(|page| format!("revoke it at {page}")));
        findings.push(finding);
    }
}
