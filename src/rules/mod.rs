//! Rules: functions from facts to findings. They name no language and touch no file.

mod admin_key_in_app;
mod agent_can_read_env;
mod agent_endpoint_override;
mod app_secrets_file_tracked;
mod assembled_key;
mod burned_key;
mod carriers;
mod client_object_logged;
mod compile_time_embed;
mod context;
mod debug_shows_key;
mod dotenv_loaded_late;
mod duplicate_env_key;
mod empty_or_placeholder_default;
mod env_file_in_git;
mod env_file_mode;
mod env_file_shipped;
mod env_not_declared;
mod environment_dumped;
mod exposed_key_needs_rotation;
mod flow;
mod hardcoded_ai_key;
mod hardcoded_vault_credential;
mod help_shows_key;
mod hints;
mod holders;
mod key_as_fallback;
mod key_in_agent_config;
mod key_in_agent_permission;
mod key_in_browser;
mod key_in_cassette;
mod key_in_comment_or_docs;
mod key_in_compose;
mod key_in_container_build;
mod key_in_deploy_config;
mod key_in_error;
mod key_in_experiment_log;
mod key_in_notebook;
mod key_in_prompt;
mod key_in_url;
mod key_in_workflow;
mod key_logged;
mod key_on_command_line;
mod key_persisted;
mod key_provider_mismatch;
mod literal_fallback_after_vault;
mod literal_in_key_slot;
mod loader_divergent_value;
mod malformed_key_value;
mod malformed_reference;
mod masked;
mod missing_becomes_text;
mod objects;
mod old_key;
mod overdue_key;
mod plaintext_at_rest;
mod plaintext_base_url;
mod readers;
mod reads;
mod real_key_in_template;
mod reference_not_resolved;
mod same_key;
mod secret_printed_in_ci;
mod secret_scope_too_wide;
mod secret_under_public_prefix;
mod shared_across_environments;
mod sinks;
mod span_records_key;
mod standing;
mod static_key_where_identity_works;
mod steps;
mod suppression;
mod template_drift;
mod tls_check_off;
mod unknown_env_name;
mod unlisted_key;
mod unnamed_env_failure;
mod unrestricted_or_legacy_key;
mod unused_ignore;
mod vanished_key;
mod variables;
mod vault_read_hot_path;
mod vault_transport;
mod why;

pub use crate::secrets::{is_app_secrets, is_env_file, is_env_template};
pub use context::{Context, needs_look};
pub use hints::{Hint, Hints, has_hint, hints, kept};
pub use same_key::{places_of, quiet_places_of};
pub use standing::secrets;
pub use suppression::is_date;
pub use unknown_env_name::{builders, mentions, wanted_mentions};
pub use unused_ignore::unused_entry;
pub use variables::{Role, spelled_otherwise, variable_at, variable_places, words};
pub use why::{Seen, why};

use crate::fixes::{GitState, Repairs, Surroundings};
use crate::secrets::{Fingerprint, discreet, without_keys};
use crate::syntax::{Cell, Document, Injection};
use crate::text::{Disjoint, Span};

/// A rule: one file, one specification page in `tests/rules/`.
pub struct Rule {
    /// Kebab case; names the bad thing; reads right in `aikeys: ignore[<id>]`.
    pub id: &'static str,
    /// What it is by default.
    pub severity: Severity,
    /// What, why, and what to do: the text of `explain`, hover, SARIF and README. Its first line is the summary.
    pub docs: &'static str,
    /// The kinds of weakness that it is, by their numbers at <https://cwe.mitre.org>.
    pub cwe: &'static [u16],
    check: fn(&Context<'_>, &mut Vec<Finding>),
    fixes: fn(&Context<'_>, &Finding) -> Repairs,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A remark.
    Hint,
    /// Worth knowing.
    Info,
    /// Should not be there.
    Warning,
    /// Must not be there.
    Error,
}

/// One bad thing in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// After all adjustments.
    pub severity: Severity,
    /// Where: the key itself where there is one.
    pub span: Span,
    /// The cell, where the file is a notebook.
    pub cell: Option<Cell>,
    /// What is wrong, in one sentence without a key.
    pub message: String,
    /// The provider's id.
    pub provider: Option<String>,
    /// Where the secret stands.
    pub secret: Option<Span>,
    /// What may be shown of it: prefix and last four characters.
    pub redacted: Option<String>,
    /// The same for the same key everywhere.
    pub fingerprint: Fingerprint,
    /// Further facts, a sentence each: already committed, where to rotate.
    pub notes: Vec<String>,
}

/// The rule that git's history has to be searched for.
pub const EXPOSED: &str = exposed_key_needs_rotation::ID;

/// Every rule. Of two findings in one place the rule that stands first here wins.
pub static RULES: &[&Rule] = &[
    &burned_key::RULE,
    &env_file_in_git::RULE,
    &app_secrets_file_tracked::RULE,
    &env_file_shipped::RULE,
    &real_key_in_template::RULE,
    &key_in_notebook::RULE,
    &key_in_comment_or_docs::RULE,
    &key_in_agent_permission::RULE,
    &key_in_agent_config::RULE,
    &key_in_compose::RULE,
    &key_in_container_build::RULE,
    &key_in_workflow::RULE,
    &key_in_deploy_config::RULE,
    &key_in_cassette::RULE,
    &key_provider_mismatch::RULE,
    &key_as_fallback::RULE,
    &literal_fallback_after_vault::RULE,
    &hardcoded_vault_credential::RULE,
    &hardcoded_ai_key::RULE,
    &assembled_key::RULE,
    &literal_in_key_slot::RULE,
    &secret_under_public_prefix::RULE,
    &key_in_browser::RULE,
    &compile_time_embed::RULE,
    &admin_key_in_app::RULE,
    &environment_dumped::RULE,
    &key_logged::RULE,
    &secret_printed_in_ci::RULE,
    &key_in_error::RULE,
    &span_records_key::RULE,
    &tls_check_off::RULE,
    &plaintext_base_url::RULE,
    &agent_endpoint_override::RULE,
    &key_in_url::RULE,
    &key_in_prompt::RULE,
    &help_shows_key::RULE,
    &client_object_logged::RULE,
    &key_in_experiment_log::RULE,
    &debug_shows_key::RULE,
    &key_persisted::RULE,
    &key_on_command_line::RULE,
    &missing_becomes_text::RULE,
    &empty_or_placeholder_default::RULE,
    &dotenv_loaded_late::RULE,
    &unnamed_env_failure::RULE,
    &malformed_key_value::RULE,
    &duplicate_env_key::RULE,
    &unknown_env_name::RULE,
    &loader_divergent_value::RULE,
    &malformed_reference::RULE,
    &vault_transport::RULE,
    &reference_not_resolved::RULE,
    &exposed_key_needs_rotation::RULE,
    &env_file_mode::RULE,
    &shared_across_environments::RULE,
    &agent_can_read_env::RULE,
    &unrestricted_or_legacy_key::RULE,
    &secret_scope_too_wide::RULE,
    &vault_read_hot_path::RULE,
    &plaintext_at_rest::RULE,
    &template_drift::RULE,
    &static_key_where_identity_works::RULE,
    &old_key::RULE,
    &env_not_declared::RULE,
    &unlisted_key::RULE,
    &overdue_key::RULE,
    &vanished_key::RULE,
    &unused_ignore::RULE,
];

impl Rule {
    /// The rule with this id.
    pub fn named(id: &str) -> Option<&'static Rule> {
        RULES.iter().copied().find(|rule| rule.id == id)
    }

    /// Its severity by default: `error`; `hint, pedantic` where it is off until it is selected.
    pub fn level(&self) -> String {
        let name = self.severity.name();
        if is_pedantic(self.id) { format!("{name}, {}", SETS[1]) } else { name.to_owned() }
    }

    /// The first sentence of the docs.
    pub fn summary(&self) -> &'static str {
        self.docs.lines().next().unwrap_or("")
    }
}

impl Severity {
    /// `error`, `warning`, `info`, `hint`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Hint => "hint",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// Reads [`Severity::name`].
    pub fn named(name: &str) -> Option<Severity> {
        [Severity::Hint, Severity::Info, Severity::Warning, Severity::Error].into_iter().find(|it| it.name() == name)
    }
}

/// Everything that is wrong in a document, by position. The whole core in one call: pure, total, deterministic.
pub fn check(doc: &Document, around: &Surroundings) -> Vec<Finding> {
    let context = Context::new(doc, around);
    let may_hold_code = || doc.host().is_some() && needs_look(&around.catalogue, doc.path(), doc.text().as_bytes());
    if !context.needs_look() && !may_hold_code() {
        return Vec::new();
    }
    let mut kept = judged(&context, &suppression::apply);
    context::number_weak(&context, &mut kept);
    kept.sort_by_key(|finding| (finding.span, finding.rule));
    // Messages quote names, and a name can be a key.
    for finding in &mut kept {
        finding.message = discreet(&finding.message);
        finding.notes.iter_mut().for_each(|note| *note = without_keys(note).into_owned());
    }
    kept
}

/// The keys of a file that git ignores and that is made for them: what to look for in git's history.
pub fn kept_keys(doc: &Document, around: &Surroundings) -> Vec<Span> {
    if !is_env_file(doc.path()) && !is_app_secrets(doc.path()) {
        return Vec::new();
    }
    let context = Context::new(doc, around);
    exposed_key_needs_rotation::kept(&context).into_iter().map(|it| it.span).collect()
}

/// What all rules find, suppressed or not.
fn found(context: &Context<'_>) -> Vec<Finding> {
    judged(context, &|_, findings| findings)
}

/// What all rules find, as it is judged: the text by itself, and each code in it by itself, with its own comments.
fn judged(context: &Context<'_>, judge: &dyn Fn(&Context<'_>, Vec<Finding>) -> Vec<Finding>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        (rule.check)(context, &mut findings);
    }
    let codes = context.doc.injections();
    findings.retain(|finding| !codes.iter().any(|code| code.touches(finding.span)));
    let mut findings = judge(context, one_each(findings));
    for code in codes {
        let inside = judged(&Context::new(code.doc(), context.around), judge);
        // A line for the shell is a comment of the program around it.
        findings.retain(|finding| !code.touches(finding.span));
        // An example for people runs nowhere, so that only its keys count.
        let counts = |finding: &Finding| finding.secret.is_some() || !code.doc().is_example();
        findings.extend(inside.into_iter().filter(counts).map(|finding| outward(code, finding)));
    }
    findings
}

/// A finding in code at its place in the file.
fn outward(code: &Injection, finding: Finding) -> Finding {
    let cell = code.cell(finding.span);
    let mut notes = finding.notes;
    notes.extend(cell.map(|it| format!("cell {}, line {}", it.number, it.line)));
    let (span, secret) = (code.outer(finding.span), finding.secret.map(|it| code.outer(it)));
    Finding { span, secret, cell, notes, ..finding }
}

/// The same repairs in the file that holds the code.
fn repairs_outward(code: &Injection, repairs: Repairs) -> Repairs {
    let path = code.doc().path();
    let mut all = Repairs { refused: repairs.refused, fixes: Vec::new() };
    for mut fix in repairs.fixes {
        let edits = fix.change.files.remove(path).unwrap_or_default();
        let edits = edits.iter().map(|edit| code.edit(edit));
        if fix.change.add(path.to_owned(), edits).is_err() {
            all.refused = Some("the edits of this move collide: move this key by hand".to_owned());
            continue;
        }
        if let Some(deposit) = &mut fix.deposit {
            deposit.secret = code.outer(deposit.secret);
        }
        all.fixes.push(fix);
    }
    all
}

/// What can be done about a finding of [`check`] on the same document.
pub fn fixes(doc: &Document, around: &Surroundings, finding: &Finding) -> Repairs {
    let mut repairs = match doc.injection_at(finding.span) {
        Some((code, span)) => {
            let secret = finding.secret.and_then(|it| code.inner(it));
            let inner = Finding { span, secret, ..finding.clone() };
            repairs_outward(code, fixes(code.doc(), around, &inner))
        }
        None => {
            let context = Context::new(doc, around);
            Rule::named(finding.rule).map(|rule| (rule.fixes)(&context, finding)).unwrap_or_default()
        }
    };
    // A path, or a variable, can be a key.
    let hide = |text: &mut String| *text = without_keys(text).into_owned();
    for fix in &mut repairs.fixes {
        hide(&mut fix.title);
        fix.start.iter_mut().for_each(hide);
    }
    repairs.refused.iter_mut().for_each(hide);
    repairs
}

/// Rules that few want to hear everywhere, or that no real code has shown yet: who wants them says so.
static PEDANTIC: &[&Rule] =
    &[&span_records_key::RULE, &key_in_experiment_log::RULE, &static_key_where_identity_works::RULE, &old_key::RULE];

/// The names of the sets of rules.
pub const SETS: [&str; 2] = ["default", "pedantic"];

/// The rule is off until somebody selects it, or gives it a severity.
pub fn is_pedantic(rule: &str) -> bool {
    PEDANTIC.iter().any(|it| it.id == rule)
}

/// A list of rules and of sets of rules names the rule.
pub fn names_rule(names: &[String], rule: &str) -> bool {
    let set = SETS[usize::from(is_pedantic(rule))];
    names.iter().any(|it| it == rule || it == set)
}

/// The rule speaks of a whole file that git has or would take, and not of one key.
pub fn is_about_git(rule: &str) -> bool {
    [env_file_in_git::RULE.id, app_secrets_file_tracked::RULE.id].contains(&rule)
}

/// A secret in a file that git ignores is one step less severe: it has not left the machine.
pub fn adjusted(severity: Severity, is_secret: bool, git: GitState) -> Severity {
    match (severity, git) {
        (Severity::Error, GitState::Ignored) if is_secret => Severity::Warning,
        _ => severity,
    }
}

/// What it finds in a line of an env file is there beside all else that is wrong with the line, or with the file.
fn stands_alone(rule: &str) -> bool {
    [
        malformed_key_value::RULE.id,
        duplicate_env_key::RULE.id,
        unknown_env_name::RULE.id,
        loader_divergent_value::RULE.id,
        env_file_mode::RULE.id,
        env_file_shipped::RULE.id,
        shared_across_environments::RULE.id,
        vault_transport::RULE.id,
        template_drift::RULE.id,
        old_key::RULE.id,
    ]
    .contains(&rule)
}

/// One key, or one read, in one place is one finding: that of the rule that stands first.
fn one_each(mut findings: Vec<Finding>) -> Vec<Finding> {
    // What nobody may have asked for hides nothing.
    let rank = |finding: &Finding| (is_pedantic(finding.rule), RULES.iter().position(|rule| rule.id == finding.rule));
    findings.sort_by_key(|finding| (rank(finding), finding.span));
    // A place without a key is judged apart: an env file's first line can hold one.
    let (mut keys, mut places) = (Disjoint::default(), Disjoint::default());
    findings.retain(|finding| {
        stands_alone(finding.rule)
            || if finding.secret.is_some() { keys.add(finding.span) } else { places.add(finding.span) }
    });
    findings
}
