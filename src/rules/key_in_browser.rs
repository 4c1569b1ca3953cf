//! Code that runs in a browser holds the key of a provider.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, slot_at};
use crate::secrets::is_public_name;
use crate::syntax::Fact;

pub(super) static RULE: Rule = Rule {
    id: "key-in-browser",
    severity: Severity::Error,
    cwe: &[522, 200],
    docs: "Code that runs in a browser is built with the key of a provider.

The client was told to run in a browser, and it gets a key that is a part of the page: everyone who opens the page can \
take the key and use it.

Call the provider from your server, and let the page call the server. A key that the user types in is another thing, \
and is not reported. Rotate the key if the page was ever published.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let doc = context.doc;
    let Some(language) = doc.language().filter(|it| !it.is_test_path(doc.path())) else { return };
    let flags = language.browser.as_ref().map_or(&[][..], |browser| &browser.flags);
    if !flags.iter().any(|flag| doc.text().contains(flag.as_str())) {
        return;
    }
    // The value is there, or the build tool puts it there.
    let built_in = |fact: &Fact| match *fact {
        Fact::EnvRead { span, name, .. } => {
            let name = doc.slice(name);
            let inlined = language
                .browser
                .as_ref()
                .is_some_and(|it| it.inlined.iter().any(|it| doc.slice(span).starts_with(it.as_str())));
            let goes_to_a_client =
                || slot_at(doc, doc.facts(), context.around, span).is_some_and(|it| it.client.is_some());
            context.catalogue().provider_of_public(name).is_some()
                || is_public_name(name) && goes_to_a_client()
                || inlined && context.catalogue().provider_of_env(name).is_some()
        }
        _ => false,
    };
    let literal = context.tokens().iter().any(|token| !context.is_doubtful(token)) || !context.by_place().is_empty();
    if !literal && !doc.facts().iter().any(built_in) {
        return;
    }
    for fact in doc.facts().iter() {
        let Fact::Binding { span, name, value } = *fact else { continue };
        if flags.iter().any(|flag| flag == doc.slice(name)) && doc.slice(value) == "true" {
            let message = "this client runs in a browser, with a key that is a part of the page".to_owned();
            findings.push(context.plain_finding(RULE.id, RULE.severity, span, message, None));
        }
    }
}
