//! Arguments or settings with a key are uploaded to an experiment tracker.

use super::client_object_logged::{leave_out, report};
use super::context::Context;
use super::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "key-in-experiment-log",
    severity: Severity::Warning,
    cwe: &[201, 532],
    docs: "Arguments or settings with a key are uploaded to an experiment tracker.

`wandb.init(config=vars(args))` takes all arguments, the key as well. Runs are kept, shared and often public.

Upload the arguments that are meant, or leave the key out.",
    check,
    fixes: |context, finding| leave_out(context, finding, |it| &it.telemetry),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    report(context, &RULE, |it| &it.telemetry, "uploads", findings);
}
