//! A suppression that suppresses nothing, or does not say why.

use super::suppression::{Suppression, is_date};
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, drop_comment};
use crate::secrets::{Fingerprint, discreet};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "unused-ignore",
    severity: Severity::Hint,
    cwe: &[],
    docs: "An `aikeys: ignore[…]` comment has no effect, or gives no reason.

A comment that suppresses nothing hides the next real finding on its line. \
One without a reason leaves the next reader guessing.

Delete the comment, or write why the finding is fine: `aikeys: ignore[hardcoded-ai-key] revoked in May`. \
`until=2027-01-31` lets it end by itself: from then on the finding itself is reported again, as severe as it is. \
An entry of a baseline that has ended, or that nothing matches any more, is said in the same way.

The comments of other tools (`gitleaks:allow`, `pragma: allowlist secret`, `# nosec`, `# noqa: S105`, `ggignore`, \
`trufflehog:ignore`, `secretlint-disable-line`) silence keys on their line. \
What is wrong with a whole file, or with how a key is read, takes one of ours.",
    check: |_, _| {},
    fixes: |context, finding| match finding.message.as_str() {
        // It works, so taking it out would bring the other finding back.
        NO_REASON => Repairs::default(),
        _ => drop_comment(context.doc, finding.span),
    },
};

const NO_REASON: &str = "this comment gives no reason: write one behind the bracket";

/// What is wrong with a suppression, if anything is.
pub(super) fn judge(suppression: &Suppression, used: bool, ended: bool) -> Option<Finding> {
    let unknown = suppression.rules.iter().find(|rule| Rule::named(rule).is_none());
    let message = if let Some(rule) = unknown {
        // Only what looks like a rule is repeated: a key can stand here as well.
        let is_word = rule.len() < 40 && rule.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let rule = if is_word { rule.as_str() } else { "…" };
        format!("there is no rule {rule:?}: `aikeys-lsp rules` lists them")
    } else if suppression.rules.is_empty() {
        "this comment names no rule: write `aikeys: ignore[rule] reason`".to_owned()
    } else if ended {
        match suppression.until.as_deref() {
            Some(until) if is_date(until) => format!("this comment ended on {until}"),
            _ => "the end of this comment is no date: write `until=2026-01-31`".to_owned(),
        }
    } else if !used {
        format!("there is no {} here to ignore", suppression.rules.join(" or "))
    } else if suppression.reason.is_empty() {
        NO_REASON.to_owned()
    } else {
        return None;
    };
    Some(finding(suppression.span, message))
}

/// What is wrong with an entry of a baseline.
pub fn unused_entry(span: Span, message: String) -> Finding {
    finding(span, discreet(&message))
}

fn finding(span: Span, message: String) -> Finding {
    Finding {
        rule: RULE.id,
        severity: RULE.severity,
        span,
        cell: None,
        message,
        provider: None,
        secret: None,
        redacted: None,
        fingerprint: Fingerprint { hex: String::new(), weak: true },
        notes: Vec::new(),
    }
}
