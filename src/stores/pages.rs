//! What people know a store by: its name, and the page that shows a secret. Asks nobody.

use super::Stores;
use super::address::is_safe;
use crate::project::{AwsSettings, GcpSettings, VaultSettings};
use crate::secrets::SecretRef;

/// The name of a store in sentences, by what references call it.
pub fn store_name(backend: &str) -> &'static str {
    match backend {
        "age" => "the encrypted store",
        "vault" => "Vault",
        "awssecrets" => "AWS Secrets Manager",
        "gcpsecrets" => "Google Cloud Secret Manager",
        "keyring" => "the system's keyring",
        "exec" => "a store of your own settings",
        _ => "another store",
    }
}

/// The name of a store in sentences, by its id; a store of the user's own settings has that name.
pub fn store_called(id: &str) -> &str {
    match id {
        "env" => ".env",
        "local" => store_name("age"),
        "aws" => store_name("awssecrets"),
        "gcp" => store_name("gcpsecrets"),
        "vault" | "keyring" => store_name(id),
        own => own,
    }
}

impl Stores {
    /// The page that shows a secret, at the user's own server or at the vendor's.
    ///
    /// A reference comes with a repository: no part of it may become a part of the host.
    pub fn page(&self, at: &SecretRef) -> Option<String> {
        let settings = self.settings();
        match at.backend.as_str() {
            "vault" => vault(settings.vault.as_ref(), at),
            "awssecrets" => aws(settings.aws.as_ref(), at),
            "gcpsecrets" => gcp(settings.gcp.as_ref(), at),
            _ => None,
        }
    }
}

/// `show` is the route of OpenBao, of Vault up to 1.14 and of KV version 1; newer ones lead on from there.
fn vault(settings: Option<&VaultSettings>, at: &SecretRef) -> Option<String> {
    let address = vault_address(settings)?;
    let address = address.trim_end_matches('/');
    let plain = !address.contains(['@', '?', '#', '"', '<', '>', '(', ')']) && !address.contains(char::is_whitespace);
    if !is_safe(address) || !plain {
        return None;
    }
    let mount = settings.and_then(|it| it.mount.as_deref()).map(|it| it.trim_matches('/')).filter(|mount| {
        let rest = at.path.strip_prefix(mount);
        rest.is_some_and(|rest| rest.starts_with('/'))
    });
    let mount = mount.or_else(|| at.path.split_once('/').map(|(mount, _)| mount))?;
    let path = at.path[mount.len()..].trim_start_matches('/');
    let namespace = at.param("namespace").map(str::to_owned).or_else(|| vault_namespace(settings));
    let query = namespace.map(|it| format!("?namespace={}", encoded(&it, "/"))).unwrap_or_default();
    Some(format!("{address}/ui/vault/secrets/{}/show/{}{query}", encoded(mount, ""), encoded(path, "/")))
}

#[cfg(feature = "vault")]
pub(super) fn vault_address(settings: Option<&VaultSettings>) -> Option<String> {
    super::vault::address(settings)
}

#[cfg(not(feature = "vault"))]
pub(super) fn vault_address(_: Option<&VaultSettings>) -> Option<String> {
    None
}

#[cfg(feature = "vault")]
pub(super) fn vault_namespace(settings: Option<&VaultSettings>) -> Option<String> {
    super::vault::variable("NAMESPACE").or_else(|| settings.and_then(|it| it.namespace.clone()))
}

#[cfg(not(feature = "vault"))]
pub(super) fn vault_namespace(_: Option<&VaultSettings>) -> Option<String> {
    None
}

fn aws(settings: Option<&AwsSettings>, at: &SecretRef) -> Option<String> {
    let elsewhere = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];
    if settings.is_some_and(|it| it.endpoint.is_some()) || elsewhere.iter().any(|name| set(name).is_some()) {
        return None;
    }
    let own = || settings.and_then(|it| it.region.clone());
    let region = at.param("region").map(str::to_owned).or_else(own);
    let region = region.or_else(|| set("AWS_REGION")).or_else(|| set("AWS_DEFAULT_REGION"));
    let name = encoded(&at.path, "");
    let Some(region) = region else {
        return Some(format!("https://console.aws.amazon.com/secretsmanager/secret?name={name}"));
    };
    if region.is_empty() || !region.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-') {
        return None;
    }
    let host = match region.as_str() {
        it if it.starts_with("cn-") => "console.amazonaws.cn",
        it if it.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    Some(format!("https://{region}.{host}/secretsmanager/secret?name={name}&region={region}"))
}

fn gcp(settings: Option<&GcpSettings>, at: &SecretRef) -> Option<String> {
    let elsewhere = set("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER").is_some();
    if settings.is_some_and(|it| it.endpoint.is_some()) || elsewhere {
        return None;
    }
    let (project, name) = at.path.split_once('/').filter(|(_, name)| !name.contains('/'))?;
    let (project, name) = (encoded(project, ""), encoded(name, ""));
    Some(format!("https://console.cloud.google.com/security/secret-manager/secret/{name}/versions?project={project}"))
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

/// A part of an address. What stands in `kept` may stay besides what means nothing anywhere.
fn encoded(part: &str, kept: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || kept.as_bytes().contains(&byte);
    let mut text = String::new();
    for byte in part.bytes() {
        match plain(byte) {
            true => text.push(char::from(byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SecretRef {
        SecretRef::parse(text).expect("a reference")
    }

    #[test]
    #[cfg(feature = "vault")]
    fn vault_pages_are_the_users_own() {
        let settings = |address: &str, mount: Option<&str>| VaultSettings {
            address: Some(address.to_owned()),
            mount: mount.map(str::to_owned),
            ..VaultSettings::default()
        };
        let page = |address, mount, text| vault(Some(&settings(address, mount)), &at(text));
        assert_eq!(
            page("https://vault.example:8200/", None, "ref+vault://secret/my/app?namespace=team/a#/X").as_deref(),
            Some("https://vault.example:8200/ui/vault/secrets/secret/show/my/app?namespace=team/a")
        );
        assert_eq!(
            page("https://vault.example", Some("team/kv"), "ref+vault://team/kv/a%23b#/X").as_deref(),
            Some("https://vault.example/ui/vault/secrets/team%2Fkv/show/a%23b")
        );
        for address in ["http://vault.example", "https://user:word@vault.example", "https://a.example/) [x](y"] {
            assert_eq!(page(address, None, "ref+vault://secret/app#/X"), None, "{address}");
        }
    }

    #[test]
    fn pages_of_clouds_stay_at_the_vendor() {
        let page =
            |text| aws(Some(&AwsSettings { region: Some("eu-west-1".into()), ..AwsSettings::default() }), &at(text));
        assert_eq!(
            page("ref+awssecrets://app/X").as_deref(),
            Some("https://eu-west-1.console.aws.amazon.com/secretsmanager/secret?name=app%2FX&region=eu-west-1")
        );
        assert!(page("ref+awssecrets://x?region=cn-north-1").is_some_and(|it| it.contains("console.amazonaws.cn/")));
        assert_eq!(page("ref+awssecrets://x?region=evil.example%2F"), None);
        assert_eq!(
            gcp(None, &at("ref+gcpsecrets://my-project/X")).as_deref(),
            Some("https://console.cloud.google.com/security/secret-manager/secret/X/versions?project=my-project")
        );
    }
}
