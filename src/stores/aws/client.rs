//! How Amazon's client reaches the network, and how people log in to it.

use std::fmt;

use aws_sdk_secretsmanager::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_secretsmanager::config::{ConfigBag, Intercept, RuntimeComponents, SharedHttpClient};
use aws_sdk_secretsmanager::error::BoxError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::super::StoreError;
use super::super::address::{refuse_unsafe, variable};
use crate::project::read_small;

/// The file of authorities that Amazon's own programs trust.
const BUNDLE: &str = "AWS_CA_BUNDLE";

/// One client for all regions: through the proxies of the environment, trusting the system's authorities
/// (`SSL_CERT_FILE`), or those of `AWS_CA_BUNDLE` in their place, which Amazon's Rust client does not read by itself.
pub(super) fn http_client() -> Result<SharedHttpClient, StoreError> {
    let trusted = variable(BUNDLE).map(|path| bundle(&path)).transpose()?.unwrap_or_default();
    let tls = TlsContext::builder().with_trust_store(trusted).build();
    let tls = tls.map_err(|_| StoreError::Unavailable("AWS Secrets Manager: TLS cannot be set up".to_owned()))?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_tls_context(tls.clone());
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    }))
}

/// The authorities in a file. The client would panic over what is none.
fn bundle(path: &str) -> Result<TrustStore, StoreError> {
    let wrong = |what: &str| StoreError::Unavailable(format!("{BUNDLE} names {path}: {what}"));
    let bytes = read_small(path.as_ref())?.ok_or_else(|| wrong("there is no such file"))?;
    let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|_| wrong("this is no file of certificates"))?;
    let (good, bad) = RootCertStore::empty().add_parsable_certificates(certificates);
    if good == 0 || bad > 0 {
        return Err(wrong("a certificate in it cannot be read"));
    }
    Ok(TrustStore::empty().with_pem_certificate(bytes))
}

/// Looks at the address right before anything is sent: files of the client can name one as well.
#[derive(Debug)]
pub(super) struct OnlySafe;

/// Why an address is not sent to.
#[derive(Debug)]
pub(super) struct Unsafe(pub(super) String);

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsafe {}

impl Intercept for OnlySafe {
    fn name(&self) -> &'static str {
        "OnlySafe"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(refuse_unsafe("AWS Secrets Manager", context.request().uri()).map_err(|error| Unsafe(error.to_string()))?)
    }
}

/// How to log in, as the user's profile does it.
pub(super) fn login(profile: Option<&str>) -> String {
    if variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() {
        return "look at AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN".to_owned();
    }
    if profile.is_none() && variable("AWS_ACCESS_KEY_ID").is_some() {
        return "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew".to_owned();
    }
    let file = variable("AWS_CONFIG_FILE").map(Into::into).or_else(|| {
        let home = etcetera::home_dir().ok()?;
        Some(home.join(".aws/config"))
    });
    let text = file.and_then(|path| read_small(&path).ok().flatten()).unwrap_or_default();
    let command = command(&String::from_utf8_lossy(&text), profile.unwrap_or("default"));
    let profile = profile.map(|it| format!(" --profile {it}")).unwrap_or_default();
    format!("run `{command}{profile}`")
}

/// What logs in to a profile of the configuration file.
fn command(config: &str, profile: &str) -> &'static str {
    let heads = [format!("[profile {profile}]"), format!("[{profile}]")];
    let section = config.lines().map(str::trim).skip_while(|line| !heads.iter().any(|head| head == line)).skip(1);
    let mut section = section.take_while(|line| !line.starts_with('['));
    let kind = section.find_map(|line| match line.split('=').next().unwrap_or("").trim() {
        name if name.starts_with("sso_") => Some("aws sso login"),
        "login_session" => Some("aws login"),
        _ => None,
    });
    kind.unwrap_or("aws configure")
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn each_profile_has_its_way_to_log_in() {
        let config = "[default]\nregion = x\n\n[profile team]\nsso_session = corp\n[profile me]\nlogin_session = arn\n";
        assert_eq!(command(config, "team"), "aws sso login");
        assert_eq!(command(config, "me"), "aws login");
        assert_eq!((command(config, "default"), command("", "x")), ("aws configure", "aws configure"));
    }
}
