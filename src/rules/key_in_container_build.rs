//! A key in the file that an image is built from.

use std::path::Path;

use super::context::Context;
use super::{Finding, Rule, Severity, readers};
use crate::fixes::move_secret;
use crate::secrets::{is_env_file, variables_built};
use crate::syntax::{Fact, glob};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "key-in-container-build",
    severity: Severity::Error,
    cwe: &[538, 522, 526],
    docs: "A key is built into an image.

What `ENV`, `ARG`, `LABEL` and `RUN` say stays in the image and in its history: whoever pulls it has the key. Deleting \
it in a later step takes nothing out.

Give the key to the container when it is started (`aikeys-lsp run -- docker run -e NAME …`, or `--env-file .env`), or \
to the one step that needs it as a secret of the build (`RUN --mount=type=secret,id=…,env=NAME`). Where the file says \
`COPY . .`, let `.dockerignore` cover `.env`. Rotate the key if the image was ever pushed.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    readers::check(context, findings, RULE.id);
    findings.extend(copied(context));
    if context.doc.readers().iter().any(|reader| reader.rule == RULE.id) {
        let variables = variables_built(context.catalogue(), context.doc.text().as_bytes());
        findings.extend(variables.into_iter().filter_map(|span| taken(context, span)));
    }
}

/// The steps that copy the env file with all the rest.
fn copied(context: &Context<'_>) -> Vec<Finding> {
    let Some(copies) = context.doc.readers().iter().find_map(|reader| reader.copies.as_ref()) else {
        return Vec::new();
    };
    let mut steps: Vec<(Span, Span, Vec<Span>)> = Vec::new();
    for fact in context.doc.facts().iter() {
        let Fact::Binding { span, name, value } = *fact else { continue };
        if !copies.steps.iter().any(|step| context.doc.slice(name).eq_ignore_ascii_case(step)) {
            continue;
        }
        match steps.last_mut().filter(|(step, ..)| *step == span) {
            Some((.., paths)) => paths.push(value),
            None => steps.push((span, name, vec![value])),
        }
    }
    let taken = |(step, name, paths): (Span, Span, Vec<Span>)| {
        let sources = paths.split_last().map_or(&[][..], |(_, sources)| sources);
        let mut sources = sources.iter().map(|path| context.doc.slice(*path).trim_matches('"'));
        let copied = &context.around.copied;
        let is_there = |path: &str| copied.iter().any(|it| it == path.trim_start_matches("./"));
        let named = sources.clone().find(|path| is_env_file(Path::new(path)) && is_there(path));
        // `COPY .env* ./`
        let takes_it = |path: &str| [".", "./"].contains(&path) || glob(path.trim_start_matches("./"), ".env");
        let all = is_there(".env") && sources.any(takes_it);
        let file = named.or(all.then_some(".env"))?;
        (!context.doc.slice(step).contains(&copies.unless)).then_some((name, file))
    };
    let finding = |(span, file): (Span, &str)| {
        let message = format!("this copies {file} into the image");
        let mut finding = context.plain_finding(RULE.id, RULE.severity, span, message, None);
        finding.notes.push(format!(
            "add the lines `.env` and `.env.*` to {} beside this file, and give the keys to the container when it is started",
            copies.ignore
        ));
        finding
    };
    steps.into_iter().filter_map(taken).map(finding).collect()
}

/// A provider's variable without a value of its own: what the build is given for it stays in the image.
fn taken(context: &Context<'_>, span: Span) -> Option<Finding> {
    let said = &context.doc.reader_at(context.facts(), span)?.taken;
    let (_, whole) = context.facts().bindings_around(span).into_iter().next()?;
    let value = context.doc.slice(Span { start: span.end, ..whole });
    let other = value.trim_start_matches(['=', '"', '\'', ' ']);
    if said.is_empty() || !(other.is_empty() && value.is_empty() || other.starts_with('$')) {
        return None;
    }
    let name = context.doc.slice(span);
    let provider = context.catalogue().provider_of_env(name);
    let message = said.replace("{name}", name);
    let mut finding = context.plain_finding(RULE.id, Severity::Warning, span, message, provider);
    let id = name.to_ascii_lowercase().replace('_', "-");
    finding.notes.push(format!(
        "give it to the step that needs it: `RUN --mount=type=secret,id={id},env={name} …` and `docker build --secret \
         id={id},env={name} .`, or to the container when it is started"
    ));
    Some(finding)
}
