//! `policy`: what a token has to be allowed for the references in use here; with `--diff` beside what it is allowed.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Result, bail};

use super::args::{Policy, PolicyFormat, PolicyStore};
use super::report::visible;
use super::{CLEAN, FAILED};
use crate::project::{Workspace, references_in_use};
use crate::stores::{Form, Purpose, Stores, Terms, Written};

/// Prints it. Exit code 2 says that it is not whole.
pub(super) fn policy(args: &Policy, out: &mut dyn Write) -> Result<u8> {
    let workspace = Workspace::open(Path::new("."))?;
    let used = references_in_use(&workspace);
    let stores = Stores::of(&workspace);
    let purpose = if args.rotate { Purpose::Rotate } else { Purpose::Read };
    if args.diff {
        return match args.store {
            PolicyStore::Vault => difference(&stores, &used, purpose, out),
            PolicyStore::Aws | PolicyStore::Gcp => bail!(
                "what a token may do beyond the policy is known of Vault only: Amazon and Google tell it to administrators, \
                 in IAM's policy simulator and in Google's policy troubleshooter"
            ),
        };
    }
    if args.account.is_some() && args.store != PolicyStore::Aws {
        bail!("`--account` goes with aws");
    }
    if args.member.is_some() && args.store != PolicyStore::Gcp {
        bail!("`--member` goes with gcp");
    }
    let form = args.format.map(|it| match it {
        PolicyFormat::Hcl => Form::Hcl,
        PolicyFormat::Json => Form::Json,
        PolicyFormat::Terraform => Form::Terraform,
        PolicyFormat::Gcloud => Form::Gcloud,
    });
    let terms = Terms { purpose, form, account: args.account.as_deref(), member: args.member.as_deref() };
    let kind = match args.store {
        PolicyStore::Vault => "vault",
        PolicyStore::Aws => "aws",
        PolicyStore::Gcp => "gcp",
    };
    let written = stores.policy(kind, &used, &terms)?;
    write!(out, "{}", written.text)?;
    out.flush()?;
    said(&written)
}

/// What has to be said besides. What was left out is missing in the policy.
fn said(written: &Written) -> Result<u8> {
    let mut err = io::stderr();
    for note in &written.notes {
        writeln!(err, "note: {}", visible(note))?;
    }
    for missing in &written.left_out {
        writeln!(err, "error: left out: {}", visible(missing))?;
    }
    Ok(if written.left_out.is_empty() { CLEAN } else { FAILED })
}

#[cfg(feature = "vault")]
fn difference(
    stores: &Stores,
    used: &std::collections::BTreeSet<crate::secrets::SecretRef>,
    purpose: Purpose,
    out: &mut dyn Write,
) -> Result<u8> {
    let (difference, written) = stores.policy_difference(used, purpose)?;
    for line in &difference.lacks {
        writeln!(out, "lacks: {}", visible(line))?;
    }
    for line in &difference.beyond {
        writeln!(out, "beyond: {}", visible(line))?;
    }
    let differs = !difference.lacks.is_empty() || !difference.beyond.is_empty();
    if !differs {
        writeln!(out, "the token may do just that: {} paths were asked for", difference.asked)?;
    }
    out.flush()?;
    if differs && !difference.policies.is_empty() {
        let names: Vec<&str> = difference.policies.iter().map(String::as_str).collect();
        writeln!(io::stderr(), "note: the policies of this token: {}", visible(&names.join(", ")))?;
    }
    let code = said(&written)?;
    Ok(if code == CLEAN && differs { super::FOUND } else { code })
}

#[cfg(not(feature = "vault"))]
fn difference(
    _: &Stores,
    _: &std::collections::BTreeSet<crate::secrets::SecretRef>,
    _: Purpose,
    _: &mut dyn Write,
) -> Result<u8> {
    bail!("this build cannot ask Vault")
}
