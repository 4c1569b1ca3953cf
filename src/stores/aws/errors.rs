//! What Amazon's errors mean. Their text is never shown: it can quote what was sent.

use std::error::Error;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

use super::client::Unsafe;
use super::{Aws, SecretStore, StoreError};
use crate::secrets::SecretRef;

/// Codes of a login that is none, or no more.
const LOGIN: [&str; 9] = [
    "ExpiredTokenException",
    "ExpiredToken",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
];
/// Codes of a store that has too much to do.
const BUSY: [&str; 6] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];

impl Aws {
    /// Why a call did not do what it was asked; `action` is its name, and its permission.
    pub(super) fn failed<E>(&self, at: &SecretRef, action: &str, error: &SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.failed_at(&at.to_string(), &at.path, action, error)
    }

    /// The same, for many secrets: what is said holds for each.
    pub(super) fn all_failed<E>(&self, action: &str, error: &SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.failed_at("many secrets at once", "NAME", action, error)
    }

    fn failed_at<E>(&self, at: &str, path: &str, action: &str, error: &SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(_) => self.refused(at, path, action, error),
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => self.unsent(at, error),
            _ => StoreError::Unanswered(format!("{at}: the answer of {} did not come, or not as a whole", self.name())),
        }
    }

    fn refused<E>(&self, at: &str, path: &str, action: &str, error: &SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (place, code) = (at.to_string(), error.code().unwrap_or_default());
        let said = error.message().unwrap_or_default().to_ascii_lowercase();
        let status = error.raw_response().map_or(0, |it| it.status().as_u16());
        let failed = |what: &str| StoreError::Unavailable(format!("{at}: {what}"));
        match code {
            "ResourceNotFoundException" if said.contains("staging label") || said.contains("versionid") => {
                StoreError::Missing { place, advice: " in that version".to_owned() }
            }
            "ResourceNotFoundException" => StoreError::Missing { place, advice: String::new() },
            "ResourceExistsException" => StoreError::Conflict { place },
            "InvalidRequestException" if said.contains("delet") => {
                let way = format!("aws secretsmanager restore-secret --secret-id {path}");
                let what = format!("it is going to be deleted: bring it back with `{way}`, or take another name");
                StoreError::Gone { place, what, version: None }
            }
            "AccessDeniedException" | "AccessDenied" if said.contains("kms") => failed(
                "the key of AWS KMS that it is encrypted with does not let you: you need `kms:Decrypt` and, to write, `kms:GenerateDataKey`",
            ),
            "AccessDeniedException" | "AccessDenied" => {
                failed(&format!("you are not allowed to: the permission `secretsmanager:{action}` is missing"))
            }
            "DecryptionFailure" | "EncryptionFailure" => {
                failed("its key of AWS KMS cannot be used: look at its state and its policy")
            }
            "LimitExceededException" => failed("your account has as many secrets or versions as Amazon allows"),
            _ if LOGIN.contains(&code) => {
                failed(&format!("your login to Amazon is not valid, or no longer: {}", self.login()))
            }
            _ if BUSY.contains(&code) || matches!(status, 429 | 503) => {
                StoreError::Busy(format!("{at}: Amazon has too much to do: try again in a moment"))
            }
            _ if status >= 500 => StoreError::Unanswered(format!("{at}: {} failed with {status}", self.name())),
            _ => failed(&format!("{} refused {action} with {status} {code}", self.name())),
        }
    }

    /// Nothing was sent, or the connection broke.
    fn unsent(&self, at: &str, error: &(dyn Error + 'static)) -> StoreError {
        let chain = chain(error);
        if let Some(why) = chain.iter().find_map(|it| it.downcast_ref::<Unsafe>()) {
            return StoreError::Unavailable(format!("{at}: {why}"));
        }
        let said = |word: &str| chain.iter().any(|it| it.to_string().to_ascii_lowercase().contains(word));
        if said("credential") || said("token") {
            return StoreError::Unavailable(format!("{at}: you are not logged in to Amazon: {}", self.login()));
        }
        let advice = if said("certificate") {
            "its certificate is not trusted: name the file of your authority in AWS_CA_BUNDLE or SSL_CERT_FILE"
        } else {
            "it cannot be reached: look at the region, the address, the proxy and your network"
        };
        StoreError::Unanswered(format!("{at}: {}: {advice}", self.name()))
    }
}

/// The call itself is not taken, as in accounts whose policy has no word on it: the login is fine, and there is an answer.
pub(super) fn only_refuses<E>(error: &SdkError<E>) -> bool
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code().unwrap_or_default();
    let status = error.raw_response().map_or(0, |it| it.status().as_u16());
    matches!(error, SdkError::ServiceError(_))
        && (400..429).contains(&status)
        && !LOGIN.contains(&code)
        && !BUSY.contains(&code)
}

/// An error, what it came from, and so on.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut all = vec![error];
    while let Some(next) = all[all.len() - 1].source() {
        all.push(next);
    }
    all
}
