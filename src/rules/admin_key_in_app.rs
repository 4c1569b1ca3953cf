//! A key that rules over others is used where an ordinary one would do.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::secrets::{Class, Provider};

pub(super) static RULE: Rule = Rule {
    id: "admin-key-in-app",
    severity: Severity::Warning,
    cwe: &[250, 269],
    docs: "An organisation's admin key is given to a client that only calls models.

It can make and delete the keys of everybody, read usage and members: if it leaks, the whole organisation does.

Make a project key, and give the client that.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let is_tool = context.doc.path().iter().any(|part| PLACES.iter().any(|place| part == *place));
    if is_tool || CALLS.iter().any(|call| context.doc.text().contains(call)) {
        return;
    }
    for read in context.reads().iter().filter(|read| is_admin(read.provider, read.name)) {
        // `admin_api_key=…` is made for it.
        let asks = read.slot.is_some_and(|slot| slot.call.contains("admin"));
        if read.client().is_some() && !asks {
            let message =
                format!("{} holds a key that can make and delete other keys, and goes to a client here", read.name);
            findings.push(context.plain_finding(RULE.id, RULE.severity, read.span, message, Some(read.provider)));
        }
    }
}

/// Folders of tools that need such a key.
const PLACES: &[&str] = &["admin", "ops", "scripts", "terraform", "billing", "usage"];

/// What only such a key may call.
const CALLS: &[&str] = &[".admin.organization", ".admin.apiKeys", ".admin.api_keys", "/v1/organization"];

fn is_admin(provider: &Provider, name: &str) -> bool {
    let of_shape =
        provider.keys.iter().any(|shape| shape.class == Class::Admin && shape.env.iter().any(|it| it == name));
    of_shape || name.split('_').any(|part| part == "ADMIN" || part == "PROVISIONING")
}
