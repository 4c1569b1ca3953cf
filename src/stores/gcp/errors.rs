//! What Google's errors mean. Their text is never shown: it can quote what was sent.

use std::error::Error as _;

use google_cloud_gax::client_builder;
use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;

use super::{Gcp, SecretStore, StoreError};
use crate::secrets::SecretRef;

impl Gcp {
    /// Why a call did not do what it was asked; `permission` is what it takes.
    pub(super) fn failed(&self, at: &SecretRef, permission: &str, error: &Error) -> StoreError {
        let place = at.to_string();
        let status = error.http_status_code().unwrap_or_default();
        let Some(code) = error.status().map(|it| it.code) else { return self.unsent(at, status, error) };
        let failed = |what: &str| StoreError::Unavailable(format!("{at}: {what}"));
        match code {
            Code::NotFound => StoreError::Missing { place, advice: String::new() },
            Code::AlreadyExists | Code::Aborted => StoreError::Conflict { place },
            Code::Unauthenticated => failed(&self.login_needed()),
            Code::PermissionDenied => failed(&format!(
                "you are not allowed to: the permission `secretmanager.{permission}` is missing, or Secret Manager is not \
                 enabled in the project"
            )),
            Code::ResourceExhausted => busy(at),
            Code::FailedPrecondition | Code::InvalidArgument if permission == "secrets.create" => failed(
                "Google does not make it, as where your organization wants to choose its place: make it with \
                 `gcloud secrets create --replication-policy`, and put the value there again",
            ),
            Code::Internal | Code::DeadlineExceeded | Code::Unknown | Code::Cancelled => self.unsent(at, status, error),
            code => failed(&format!("{} refused it with {}", self.name(), code.name())),
        }
    }

    /// No answer, or none that says whether it was done.
    fn unsent(&self, at: &SecretRef, status: u16, error: &Error) -> StoreError {
        let failed = |what: &str| StoreError::Unavailable(format!("{at}: {what}"));
        let unanswered = |what: &str| StoreError::Unanswered(format!("{at}: {}: {what}", self.name()));
        match status {
            _ if is_untrusted(error) => {
                unanswered("its certificate is not trusted: name the file of your authority in SSL_CERT_FILE")
            }
            _ if error.is_authentication() => failed(&self.login_needed()),
            0 if error.is_connect() => {
                unanswered("it cannot be reached: look at the address, the proxy and your network")
            }
            0 => unanswered("the answer did not come, or not as a whole: look at the proxy and your network"),
            401 => failed(&self.login_needed()),
            429 | 503 => busy(at),
            400..500 => failed(&format!("{} refused it with {status}: look at the address and the proxy", self.name())),
            _ => unanswered(&format!("it failed with {status}")),
        }
    }

    /// The client cannot be made at all.
    pub(super) fn unusable(&self, at: &SecretRef, error: &client_builder::Error) -> StoreError {
        StoreError::Unavailable(match error {
            it if it.is_default_credentials() => format!("{at}: {}", self.login_needed()),
            it if it.is_universe_domain_mismatch() => {
                format!("{at}: your credentials are of another universe domain than GOOGLE_CLOUD_UNIVERSE_DOMAIN says")
            }
            _ => format!("{at}: the client of Google cannot be set up: look at the address"),
        })
    }

    /// Who one is, nobody knows.
    pub(super) fn login_needed(&self) -> String {
        format!("you are not logged in to Google, or no longer: {}", self.login())
    }
}

fn busy(at: &SecretRef) -> StoreError {
    StoreError::Busy(format!("{at}: Google has too much to do: try again in a moment"))
}

/// The other side could not prove who it is.
fn is_untrusted(error: &Error) -> bool {
    let mut source = error.source();
    while let Some(it) = source {
        if it.to_string().to_ascii_lowercase().contains("certificate") {
            return true;
        }
        source = it.source();
    }
    false
}

/// A version is there, and its state does not let it be read.
pub(super) fn is_state(error: &Error) -> bool {
    error.status().is_some_and(|it| it.code == Code::FailedPrecondition)
}

/// A secret of this name is there.
pub(super) fn is_there(error: &Error) -> bool {
    error.status().is_some_and(|it| it.code == Code::AlreadyExists)
}
