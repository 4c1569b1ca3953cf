//! Policies of Amazon's IAM.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Form, Ids, Purpose, Terms, Written, list, no_form, quoted};
use crate::project::AwsSettings;
use crate::secrets::SecretRef;
use crate::stores::StoreError;
use crate::stores::address::variable;

/// Amazon's name of one secret. What is `None` nobody said here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arn {
    /// With six characters at its end that Amazon adds, or signs that stand for them.
    name: String,
    region: Option<String>,
    account: Option<String>,
}

/// A policy of a user's own has no more characters, blanks left out.
const LARGEST: usize = 6144;

pub(super) fn write(
    settings: Option<&AwsSettings>,
    workspace: &str,
    own: &[&SecretRef],
    terms: &Terms<'_>,
    written: &mut Written,
) -> Result<(), StoreError> {
    let is_account = |it: &str| it.len() == 12 && it.bytes().all(|byte| byte.is_ascii_digit());
    if terms.account.is_some_and(|it| !is_account(it)) {
        return Err(StoreError::Unavailable("an account at Amazon is a number of 12 digits".to_owned()));
    }
    let region = variable("AWS_REGION").or_else(|| settings.and_then(|it| it.region.clone()));
    let region = region.or_else(|| variable("AWS_DEFAULT_REGION"));
    let mut arns = BTreeSet::new();
    for at in own {
        match arn(at, region.as_deref(), terms.account) {
            Ok(arn) => _ = arns.insert(arn),
            Err(why) => written.left_out.push(format!("{at}: {why}")),
        }
    }
    if arns.is_empty() {
        return Ok(());
    }
    let form = terms.form.unwrap_or(Form::Json);
    written.text = match form {
        Form::Json => json(&arns, terms.purpose),
        Form::Terraform => terraform(workspace, &arns, terms.purpose),
        Form::Hcl | Form::Gcloud => return Err(no_form("Amazon", "json or terraform")),
    };
    let lacks = |has: fn(&Arn) -> bool| form == Form::Json && !arns.iter().all(has);
    if lacks(|it| it.region.is_some()) {
        written.notes.push("no region is known: put it in the place of REGION, or set AWS_REGION".to_owned());
    }
    if lacks(|it| it.account.is_some()) {
        written.notes.push("no account is known: put it in the place of ACCOUNT, or name it with --account".to_owned());
    }
    let decrypt = match terms.purpose {
        Purpose::Read => "kms:Decrypt",
        Purpose::Rotate => "kms:Decrypt and kms:GenerateDataKey",
    };
    written.notes.push(format!(
        "where a secret is encrypted with a key of your own account, which nobody can tell from here, allow {decrypt} on \
         that key as well"
    ));
    if form == Form::Json && written.text.chars().filter(|it| !it.is_whitespace()).count() > LARGEST {
        written.notes.push(format!("Amazon takes policies of {LARGEST} characters at most: cut this one in two"));
    }
    Ok(())
}

/// What each secret has to allow.
fn actions(purpose: Purpose) -> &'static [&'static str] {
    match purpose {
        Purpose::Read => &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        Purpose::Rotate => &[
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:ListSecretVersionIds",
            "secretsmanager:PutSecretValue",
        ],
    }
}

fn arn(at: &SecretRef, region: Option<&str>, account: Option<&str>) -> Result<Arn, &'static str> {
    let is_name =
        |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || "/_+=.@-".contains(it));
    let is_region =
        |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
    const NO_NAME: &str = "Amazon allows names of letters, digits and `/_+=.@-` only";
    let region = at.param("region").or(region);
    let Some(rest) = at.path.strip_prefix("arn:") else {
        if !is_name(&at.path) {
            return Err(NO_NAME);
        }
        let region = region.map(|it| if is_region(it) { Ok(it.to_owned()) } else { Err("there is no such region") });
        return Ok(Arn {
            name: format!("{}-??????", at.path),
            region: region.transpose()?,
            account: account.map(str::to_owned),
        });
    };
    let parts: Vec<&str> = rest.splitn(6, ':').collect();
    match parts[..] {
        [_, "secretsmanager", region, account, "secret", name]
            if is_region(region) && account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit()) =>
        {
            if !is_name(name) {
                return Err(NO_NAME);
            }
            let end = name.rsplit_once('-').map_or("", |(_, end)| end);
            let is_whole = end.len() == 6 && end.bytes().all(|it| it.is_ascii_alphanumeric());
            Ok(Arn {
                name: if is_whole { name.to_owned() } else { format!("{name}-??????") },
                region: Some(region.to_owned()),
                account: Some(account.to_owned()),
            })
        }
        _ => Err("this is no address of a secret at Amazon: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`"),
    }
}

/// The part of Amazon's world that a region lies in.
fn partition(region: Option<&str>) -> &'static str {
    match region {
        Some(it) if it.starts_with("cn-") => "aws-cn",
        Some(it) if it.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

impl Arn {
    /// What is not known is `region` and `account`.
    fn shown(&self, region: &str, account: &str) -> String {
        let partition = partition(self.region.as_deref());
        let (region, account) = (self.region.as_deref().unwrap_or(region), self.account.as_deref().unwrap_or(account));
        format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{}", self.name)
    }
}

fn json(arns: &BTreeSet<Arn>, purpose: Purpose) -> String {
    let statement =
        |arn: &Arn| json!({"Effect": "Allow", "Action": actions(purpose), "Resource": arn.shown("REGION", "ACCOUNT")});
    let statements: Vec<Value> = arns.iter().map(statement).collect();
    format!("{:#}\n", json!({"Version": "2012-10-17", "Statement": statements}))
}

fn terraform(workspace: &str, arns: &BTreeSet<Arn>, purpose: Purpose) -> String {
    const REGION: &str = "${data.aws_region.current.id}";
    const ACCOUNT: &str = "${data.aws_caller_identity.current.account_id}";
    let mut text = format!("# {}\n", purpose.sentence(workspace));
    if arns.iter().any(|it| it.region.is_none()) {
        text += "data \"aws_region\" \"current\" {}\n\n";
    }
    if arns.iter().any(|it| it.account.is_none()) {
        text += "data \"aws_caller_identity\" \"current\" {}\n\n";
    }
    let name = format!("{workspace}-{}", purpose.word());
    let id = Ids::default().of(&name);
    let _ = writeln!(text, "data \"aws_iam_policy_document\" \"{id}\" {{");
    for arn in arns {
        let resource = quoted(&arn.shown(REGION, ACCOUNT));
        let _ = writeln!(text, "  statement {{\n    actions   = {}", list(actions(purpose)));
        let _ = writeln!(text, "    resources = [{resource}]\n  }}");
    }
    let _ = writeln!(text, "}}\n\nresource \"aws_iam_policy\" \"{id}\" {{\n  name   = {}", quoted(&name));
    let _ = writeln!(text, "  policy = data.aws_iam_policy_document.{id}.json\n}}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_exact_as_they_can_be() {
        let shown = |text: &str| {
            let at = SecretRef::parse(text).expect("a reference");
            arn(&at, Some("eu-west-1"), None).map(|it| it.shown("REGION", "ACCOUNT"))
        };
        let address = |rest: &str| Ok(format!("arn:{rest}"));
        assert_eq!(
            shown("ref+awssecrets://app/x"),
            address("aws:secretsmanager:eu-west-1:ACCOUNT:secret:app/x-??????")
        );
        assert_eq!(
            shown("ref+awssecrets://app/x?region=cn-north-1"),
            address("aws-cn:secretsmanager:cn-north-1:ACCOUNT:secret:app/x-??????")
        );
        let whole = "aws-us-gov:secretsmanager:us-gov-east-1:123456789012:secret:x-AbCdE1";
        assert_eq!(shown(&format!("ref+awssecrets://arn:{whole}")), address(whole));
        let part = "aws:secretsmanager:us-east-1:123456789012:secret:app/x";
        assert_eq!(shown(&format!("ref+awssecrets://arn:{part}")), address(&format!("{part}-??????")));
        for text in [
            "ref+awssecrets://app/*",
            "ref+awssecrets://a%3Fb",
            "ref+awssecrets://%24{aws:username}",
            "ref+awssecrets://app?region=eu-%2A",
            "ref+awssecrets://arn:aws:secretsmanager:*:123456789012:secret:x-AbCdE1",
            "ref+awssecrets://arn:aws:secretsmanager:us-east-1:*:secret:x-AbCdE1",
            "ref+awssecrets://arn:aws:secretsmanager:us-east-1:123456789012:secret:*",
            "ref+awssecrets://arn:aws:iam::123456789012:role/x",
        ] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
