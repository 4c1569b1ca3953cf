//! The arguments of `policy`.

use clap::ValueEnum;

/// Prints what a token has to be allowed.
#[derive(Debug, clap::Args)]
pub struct Policy {
    /// The store whose references count
    #[arg(value_enum, value_name = "STORE", hide_possible_values = false)]
    pub store: PolicyStore,
    /// For putting new values in the place of old ones, instead of for reading
    #[arg(long)]
    pub rotate: bool,
    /// How it is written [default: hcl for vault, json for aws, terraform for gcp]
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = false)]
    pub format: Option<PolicyFormat>,
    /// Ask Vault what your token may do beyond that, and what it lacks; nothing is read and nothing is changed
    #[arg(long, conflicts_with_all = ["format", "account", "member"])]
    pub diff: bool,
    /// The account at Amazon, of 12 digits [default: the word ACCOUNT stands for it]
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Who gets the roles at Google: `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com` … [default: a variable]
    #[arg(long, value_name = "MEMBER")]
    pub member: Option<String>,
}

/// A store that has policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyStore {
    /// HashiCorp Vault and OpenBao
    Vault,
    /// AWS Secrets Manager
    Aws,
    /// Google Secret Manager
    Gcp,
}

/// How a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyFormat {
    /// Vault's own language
    Hcl,
    /// A policy of Vault or IAM; bindings of Google
    Json,
    /// Resources of Terraform and OpenTofu
    Terraform,
    /// Commands of `gcloud`
    Gcloud,
}
