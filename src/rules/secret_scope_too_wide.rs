//! A workflow gives a secret to more than what needs it.

use super::context::Context;
use super::env_file_in_git::listed;
use super::steps::{Steps, bare, entries, is_commented, keys_in, provider_of, steps};
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::syntax::Fact;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "secret-scope-too-wide",
    severity: Severity::Info,
    cwe: &[250, 272],
    docs: "A workflow gives a secret to more than what needs it.

Every action of a job can read what the job is given: one that was taken over reads the keys of all. \
`secrets: inherit` and `toJSON(secrets)` give away every secret that there is, also those that come later. \
With `pull_request_target` the code of a stranger may run beside them.

Name the secret in the `env:` of the step that needs it, and name the secrets that another workflow needs. Where zizmor is \
set up it says this, and nothing is said here.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.around.audited {
        return;
    }
    let Some(steps) = steps(context).filter(|it| !it.pipeline.jobs.is_empty()) else { return };
    for word in &steps.pipeline.everything {
        for place in places(context, word).filter(|it| !is_commented(context.doc, *it)) {
            let message = "this makes one text of all secrets of the repository".to_owned();
            findings.push(context.plain_finding(RULE.id, RULE.severity, place, message, None));
        }
    }
    let jobs = jobs(context, &steps);
    for_all_jobs(context, &steps, &jobs, findings);
    inherited(context, &steps, &jobs, findings);
    beside_strangers(context, &steps, &jobs, findings);
}

/// The jobs, in order.
fn jobs(context: &Context<'_>, steps: &Steps<'_>) -> Vec<Span> {
    let (doc, facts) = (context.doc, context.doc.facts());
    let is_jobs = |fact: &Fact| match *fact {
        Fact::Binding { span, name, value } if bare(doc, name) == steps.pipeline.jobs => {
            facts.bindings_around(span).is_empty().then_some(value)
        }
        _ => None,
    };
    let Some(all) = facts.iter().find_map(is_jobs) else { return Vec::new() };
    let mut jobs: Vec<Span> = entries(doc, facts, all).into_values().collect();
    jobs.sort();
    jobs
}

/// A variable of the workflow, which several jobs have.
fn for_all_jobs<'d>(context: &Context<'d>, steps: &Steps<'d>, jobs: &[Span], findings: &mut Vec<Finding>) {
    let Some(top) = steps.top.as_ref() else { return };
    let facts = context.doc.facts();
    let runs = |job: &&Span| entries(context.doc, facts, **job).contains_key(steps.pipeline.steps.as_str());
    let count = jobs.iter().filter(runs).count();
    if count < 2 {
        return;
    }
    let keys = top.keys(context, steps.pipeline);
    let Some(&(first, name)) = keys.first() else { return };
    let names: Vec<String> = keys.iter().map(|(_, name)| (*name).to_owned()).collect();
    let message = format!("all {count} jobs of this workflow get {}", listed(&names));
    let provider = provider_of(context, steps.pipeline, name, first);
    findings.push(context.plain_finding(RULE.id, RULE.severity, first, message, provider));
}

/// A job that gives all secrets to a workflow of another repository.
fn inherited(context: &Context<'_>, steps: &Steps<'_>, jobs: &[Span], findings: &mut Vec<Finding>) {
    let [entry, all] = steps.pipeline.inherits.as_slice() else { return };
    let doc = context.doc;
    for job in jobs {
        let own = entries(doc, doc.facts(), *job);
        let called = own.get(steps.pipeline.calls.as_str()).map_or("", |it| bare(doc, *it));
        let Some(given) = own.get(entry.as_str()).filter(|it| bare(doc, **it) == all) else { continue };
        if called.is_empty() || called.starts_with('.') {
            continue;
        }
        let repository: Vec<&str> = called.split('/').take(2).collect();
        let message = format!("all secrets of this repository are given to {}", repository.join("/"));
        findings.push(context.plain_finding(RULE.id, Severity::Hint, *given, message, None));
    }
}

/// A job that takes the code of a stranger and has a key.
fn beside_strangers<'d>(context: &Context<'d>, steps: &Steps<'d>, jobs: &[Span], findings: &mut Vec<Finding>) {
    let (doc, facts, pipeline) = (context.doc, context.doc.facts(), steps.pipeline);
    let ([on, event], [takes, theirs @ ..]) = (pipeline.on.as_slice(), pipeline.takes.as_slice()) else { return };
    let says_when = facts.iter().any(|fact| match *fact {
        Fact::Binding { span, name, value } => {
            bare(doc, name) == on
                && facts.bindings_around(span).is_empty()
                && doc.places_of(event, Some(value)).any(|it| !is_commented(doc, it))
        }
        _ => false,
    });
    if !says_when {
        return;
    }
    let top = steps.top.as_ref().and_then(|it| Some(it.keys(context, pipeline).first()?.1));
    for job in jobs {
        let strangers = facts.within(*job).find_map(|fact| match *fact {
            Fact::Binding { name, value, .. } if bare(doc, name) == takes => {
                theirs.iter().any(|it| doc.slice(value).contains(it.as_str())).then_some(value)
            }
            _ => None,
        });
        let key = keys_in(context, pipeline, *job).first().map(|(_, key)| key.name).or(top);
        let (Some(place), Some(key)) = (strangers, key) else { continue };
        if !entries(doc, facts, *job).contains_key(pipeline.guards.as_str()) {
            let message = format!("the code of a stranger's pull request is taken here, and this job has {key}");
            let provider = context.catalogue().provider_of_env(key);
            findings.push(context.plain_finding(RULE.id, RULE.severity, place, message, provider));
        }
    }
}

/// Where a text stands.
fn places<'c>(context: &'c Context<'_>, text: &'c str) -> impl Iterator<Item = Span> + 'c {
    context.doc.text().match_indices(text).map(|(at, it)| Span::new(at, at + it.len()))
}
