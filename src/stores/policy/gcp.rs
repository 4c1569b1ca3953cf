//! Roles of Google, for one secret each.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Form, Ids, Purpose, Terms, Written, no_form, quoted};
use crate::secrets::SecretRef;
use crate::stores::StoreError;

/// The project and the secret.
type Secret = (String, String);

pub(super) fn write(
    workspace: &str,
    own: &[&SecretRef],
    terms: &Terms<'_>,
    written: &mut Written,
) -> Result<(), StoreError> {
    check_member(terms.member)?;
    let mut secrets: BTreeSet<Secret> = BTreeSet::new();
    for at in own {
        match secret(at) {
            Some(secret) => _ = secrets.insert(secret),
            None => written.left_out.push(format!("{at}: it names no secret: write `ref+gcpsecrets://PROJECT/NAME`")),
        }
    }
    if secrets.is_empty() {
        return Ok(());
    }
    let form = terms.form.unwrap_or(Form::Terraform);
    let about = terms.purpose.sentence(workspace);
    written.text = match form {
        Form::Terraform => terraform(&about, &secrets, terms),
        Form::Json => json(&secrets, terms),
        Form::Gcloud => gcloud(&about, &secrets, terms),
        Form::Hcl => return Err(no_form("Google", "terraform, gcloud or json")),
    };
    if form == Form::Json && terms.member.is_none() {
        written.notes.push("nobody is named: put them in the place of MEMBER, or name them with --member".to_owned());
    }
    if terms.purpose == Purpose::Read {
        written.notes.push(
            "with this role programs run; `aikeys-lsp store check` also takes roles/secretmanager.viewer on each secret"
                .to_owned(),
        );
    }
    Ok(())
}

/// The roles, with the end of the resource's name.
fn roles(purpose: Purpose) -> &'static [(&'static str, &'static str)] {
    const ACCESS: (&str, &str) = ("access", "roles/secretmanager.secretAccessor");
    match purpose {
        Purpose::Read => &[ACCESS],
        // Without the last one nobody sees which version is the newest one, and would write over another's.
        Purpose::Rotate => {
            &[ACCESS, ("add", "roles/secretmanager.secretVersionAdder"), ("view", "roles/secretmanager.viewer")]
        }
    }
}

fn check_member(member: Option<&str>) -> Result<(), StoreError> {
    let failed = |what: &str| Err(StoreError::Unavailable(what.to_owned()));
    match member {
        Some("allUsers" | "allAuthenticatedUsers") => failed("this member is everybody: name who needs the secrets"),
        Some(it) if !it.contains(':') || !it.chars().all(|it| it.is_ascii_alphanumeric() || ":@._-/".contains(it)) => {
            failed(
                "this is no member: write `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`, `group:…` or `user:…`",
            )
        }
        _ => Ok(()),
    }
}

fn secret(at: &SecretRef) -> Option<Secret> {
    let (project, name) = at.path.split_once('/')?;
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "_-".contains(it);
    let is_project = !project.is_empty() && project.chars().all(|it| is_plain(it) || ".:".contains(it));
    let is_name = !name.is_empty() && name.len() <= 255 && name.chars().all(is_plain);
    (is_project && is_name && !project.starts_with('-') && !name.starts_with('-'))
        .then(|| (project.to_owned(), name.to_owned()))
}

fn terraform(about: &str, secrets: &BTreeSet<Secret>, terms: &Terms<'_>) -> String {
    let mut text = format!("# {about}\n");
    let member = match terms.member {
        Some(member) => quoted(member),
        None => {
            text += "variable \"member\" {\n  type        = string\n  description = \"Who gets the roles: \
                     serviceAccount:NAME@PROJECT.iam.gserviceaccount.com\"\n}\n\n";
            "var.member".to_owned()
        }
    };
    let mut ids = Ids::default();
    let resource = |(project, name): &Secret, (end, role): &(&str, &str), ids: &mut Ids| {
        let mut text = String::new();
        let id = ids.of(&format!("{name}_{end}"));
        let _ = writeln!(text, "resource \"google_secret_manager_secret_iam_member\" \"{id}\" {{");
        let _ = writeln!(text, "  project   = {}\n  secret_id = {}", quoted(project), quoted(name));
        let _ = writeln!(text, "  role      = {}\n  member    = {member}\n}}", quoted(role));
        text
    };
    let all = secrets.iter().flat_map(|it| roles(terms.purpose).iter().map(move |role| (it, role)));
    let all: Vec<String> = all.map(|(secret, role)| resource(secret, role, &mut ids)).collect();
    text + &all.join("\n")
}

fn json(secrets: &BTreeSet<Secret>, terms: &Terms<'_>) -> String {
    let member = terms.member.unwrap_or("MEMBER");
    let one = |(project, name): &Secret| {
        let bindings: Vec<Value> =
            roles(terms.purpose).iter().map(|(_, role)| json!({"role": role, "members": [member]})).collect();
        json!({"resource": format!("projects/{project}/secrets/{name}"), "policy": {"bindings": bindings}})
    };
    format!("{:#}\n", Value::Array(secrets.iter().map(one).collect()))
}

fn gcloud(about: &str, secrets: &BTreeSet<Secret>, terms: &Terms<'_>) -> String {
    let mut text = format!("# {about}\n");
    let member = match terms.member {
        Some(member) => format!("\"{member}\""),
        None => {
            text += ": \"${MEMBER:?who gets the roles: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com}\"\n";
            "\"$MEMBER\"".to_owned()
        }
    };
    for (project, name) in secrets {
        for (_, role) in roles(terms.purpose) {
            let _ = writeln!(
                text,
                "gcloud secrets add-iam-policy-binding {name} --project {project} --member {member} --role {role}"
            );
        }
    }
    text
}
