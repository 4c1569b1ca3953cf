//! Amazon: the access keys of users, and their keys of Bedrock. Questions are signed, and answers are XML.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/>

use std::time::SystemTime;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::asking::Asker;
use super::{ABILITIES_OF_AMAZON, AMAZON, Abilities, Account, AccountError, KeyUse, NewKey, Order, RemoteKey, xml};
use crate::secrets::Secret;
use crate::verify::{Caller, Life, Question, percent};

/// The service whose keys they are.
const BEDROCK: &str = "bedrock.amazonaws.com";
/// What every key of Bedrock begins with; base64 of its alias and its secret follows.
const PREFIX: &str = "ABSK";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const DAY: u64 = 86_400;
/// What is said of an access key that does not count: `InvalidClientTokenId`, and of another one's secret.
const DEAD: [&str; 2] = ["security token included in the request is invalid", "signature we calculated does not match"];

/// The account of Amazon that the user is logged in to.
pub(super) struct Aws {
    asker: Asker,
    credentials: Credentials,
    /// Where it is asked, and the region that is signed for.
    url: String,
    host: String,
    region: String,
}

type Get<'g> = &'g dyn Fn(&str) -> Option<Result<Secret, String>>;

impl Aws {
    /// As Amazon's own programs do it: by variables, profiles, logins.
    pub fn open(get: Get<'_>, caller: impl FnOnce() -> Result<Caller, String>) -> Result<Aws, String> {
        let said = |name: &str| match get(name) {
            Some(Ok(value)) => Ok(Some(value).filter(|it| !it.expose().is_empty())),
            Some(Err(why)) => Err(format!("{name}: {why}")),
            None => Ok(None),
        };
        let (id, secret, token) =
            (said("AWS_ACCESS_KEY_ID")?, said("AWS_SECRET_ACCESS_KEY")?, said("AWS_SESSION_TOKEN")?);
        let own = said("AWS_ENDPOINT_URL_IAM")?.or(said("AWS_ENDPOINT_URL")?);
        let mut region = said("AWS_REGION")?.or(said("AWS_DEFAULT_REGION")?).map(|it| it.expose().to_owned());
        let credentials = match (id, secret) {
            (Some(id), Some(secret)) => {
                let token = token.map(|it| it.expose().to_owned());
                Credentials::new(id.expose(), secret.expose(), token, None, "environment")
            }
            _ => {
                let (found, of_profile) = logged_in()?;
                region = region.or(of_profile);
                found
            }
        };
        let (mut host, region) = place(region.as_deref().unwrap_or_default());
        let (mut url, mut caller) = (format!("https://{host}/"), Some(caller));
        let caller = match &own {
            Some(own) => {
                (url, host) = own_address(own.expose())?;
                Caller::of_own_address()?
            }
            None => caller.take().ok_or("it is asked once")?()?,
        };
        let hidden = [credentials.secret_access_key(), credentials.session_token().unwrap_or_default()];
        let hidden = hidden.into_iter().filter(|it| !it.is_empty()).map(Secret::new).collect();
        Ok(Aws { asker: Asker::new(caller, hidden)?, credentials, url, host, region })
    }

    /// What an action answers.
    async fn act(&self, action: &str, given: &[(&str, &str)]) -> Result<Value, AccountError> {
        self.act_as(&self.credentials, action, given).await
    }

    /// What it answers somebody else.
    async fn act_as(
        &self,
        credentials: &Credentials,
        action: &str,
        given: &[(&str, &str)],
    ) -> Result<Value, AccountError> {
        let all = [("Action", action), ("Version", "2010-05-08")];
        let body: Vec<String> =
            all.iter().chain(given).map(|(name, value)| format!("{name}={}", percent(value))).collect();
        let body = body.join("&");
        let mut headers = vec![("content-type".to_owned(), Secret::new(FORM))];
        headers.extend(self.signed(credentials, &body).ok_or_else(|| self.refused("the request cannot be signed"))?);
        let question = Question {
            method: "POST",
            host: self.host.clone(),
            url: Secret::new(self.url.as_str()),
            headers,
            body: Some(Secret::new(body)),
        };
        let reads = action.starts_with("List") || action.starts_with("Get");
        let answer = self.asker.ask(&question, reads).await?;
        let tree = xml::tree(&answer).ok_or_else(|| self.unclear())?;
        let answer = tree.get(format!("{action}Response")).ok_or_else(|| self.unclear())?;
        Ok(answer.get(format!("{action}Result")).cloned().unwrap_or_default())
    }

    fn signed(&self, credentials: &Credentials, body: &str) -> Option<Vec<(String, Secret)>> {
        let identity = credentials.clone().into();
        let params = SigningParams::builder().identity(&identity).region(&self.region).name("iam");
        let params = params.time(SystemTime::now()).settings(SigningSettings::default()).build().ok()?.into();
        let headers = [("content-type", FORM)].into_iter();
        let request = SignableRequest::new("POST", self.url.as_str(), headers, SignableBody::Bytes(body.as_bytes()));
        let (instructions, _) = sign(request.ok()?, &params).ok()?.into_parts();
        Some(instructions.headers().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect())
    }

    /// All pages of a list.
    async fn list(&self, action: &str, items: &str, given: &[(&str, &str)]) -> Result<Vec<Value>, AccountError> {
        let (mut all, mut marker) = (Vec::new(), None::<String>);
        loop {
            let next = marker.iter().map(|it| ("Marker", it.as_str()));
            let given: Vec<_> = given.iter().copied().chain([("MaxItems", "1000")]).chain(next).collect();
            let page = self.act(action, &given).await?;
            let list = page.get(items).ok_or_else(|| self.unclear())?;
            all.extend(xml::members(list).into_iter().cloned());
            let after = text(&page, "Marker").filter(|_| text(&page, "IsTruncated").as_deref() == Some("true"));
            if after.is_none() {
                return Ok(all);
            }
            if after == marker {
                return Err(AccountError::Lost(format!("{} names page after page, and no last one", self.host)));
            }
            marker = after;
        }
    }

    /// The access keys of all users, or, where the login may not see these, its own.
    async fn access_keys(&self) -> Result<Vec<RemoteKey>, AccountError> {
        let users = match self.list("ListUsers", "Users", &[]).await {
            Ok(users) => users.iter().filter_map(|it| text(it, "UserName")).map(Some).collect(),
            Err(AccountError::Refused(_)) => vec![None],
            Err(error) => return Err(error),
        };
        let of = async |user: Option<String>| {
            let given: Vec<_> = user.iter().map(|it| ("UserName", it.as_str())).collect();
            let found = match self.list("ListAccessKeys", "AccessKeyMetadata", &given).await {
                // The user went while others were asked about.
                Err(AccountError::Gone(_)) if user.is_some() => return Ok(Vec::new()),
                found => found?,
            };
            self.asker.each(found.iter().map(|it| self.access_key(it))).await
        };
        Ok(self.asker.each(users.into_iter().map(of)).await?.into_iter().flatten().collect())
    }

    async fn access_key(&self, item: &Value) -> Result<RemoteKey, AccountError> {
        let mut key = access_key(item).ok_or_else(|| self.unclear())?;
        let used = self.act("GetAccessKeyLastUsed", &[("AccessKeyId", &key.id)]).await?;
        key.last_used = used.get("AccessKeyLastUsed").and_then(|it| moment(it, "LastUsedDate"));
        Ok(key)
    }

    async fn bedrock_keys(&self) -> Result<Vec<RemoteKey>, AccountError> {
        let (action, items, service) =
            ("ListServiceSpecificCredentials", "ServiceSpecificCredentials", ("ServiceName", BEDROCK));
        let found = match self.list(action, items, &[service, ("AllUsers", "true")]).await {
            Err(AccountError::Refused(_)) => self.list(action, items, &[service]).await?,
            found => found?,
        };
        found.iter().map(|it| bedrock_key(it).ok_or_else(|| self.unclear())).collect()
    }

    async fn made(&self, like: &RemoteKey, order: &Order) -> Result<NewKey, AccountError> {
        let owner = like.owner.as_deref().ok_or_else(|| self.refused("the key has no user"))?;
        if !is_bedrock(like) {
            let answer = self.act("CreateAccessKey", &[("UserName", owner)]).await?;
            let item = answer.get("AccessKey").ok_or_else(|| self.unclear())?;
            let (key, secret) = (access_key(item), text(item, "SecretAccessKey"));
            let (key, secret) = key.zip(secret).ok_or_else(|| self.unclear())?;
            let values = vec![Secret::new(key.id.as_str()), Secret::new(secret)];
            return Ok(NewKey { key, values });
        }
        let days = order.lifetime.map(|it| it.as_secs().div_ceil(DAY).max(1).to_string());
        let days = days.iter().map(|it| ("CredentialAgeDays", it.as_str()));
        let given: Vec<_> = [("UserName", owner), ("ServiceName", BEDROCK)].into_iter().chain(days).collect();
        let answer = self.act("CreateServiceSpecificCredential", &given).await?;
        let item = answer.get("ServiceSpecificCredential").ok_or_else(|| self.unclear())?;
        let (key, secret) = (bedrock_key(item), text(item, "ServiceCredentialSecret"));
        let (key, secret) = key.zip(secret).ok_or_else(|| self.unclear())?;
        Ok(NewKey { key, values: vec![Secret::new(secret)] })
    }

    fn changed(&self, verb: &str, key: &RemoteKey, status: Option<&str>) -> Result<(), AccountError> {
        let (action, id) = match is_bedrock(key) {
            true => (format!("{verb}ServiceSpecificCredential"), "ServiceSpecificCredentialId"),
            false => (format!("{verb}AccessKey"), "AccessKeyId"),
        };
        let owner = key.owner.as_deref().map(|it| ("UserName", it));
        let status = status.map(|it| ("Status", it));
        let given: Vec<_> = owner.into_iter().chain([(id, key.id.as_str())]).chain(status).collect();
        self.asker.wait(&self.host, self.act(&action, &given)).map(|_| ())
    }

    fn refused(&self, what: &str) -> AccountError {
        AccountError::Refused(format!("{}: {what}", self.host))
    }

    fn unclear(&self) -> AccountError {
        AccountError::Lost(format!("the answer of {} cannot be understood", self.host))
    }
}

impl Account for Aws {
    fn provider(&self) -> &str {
        AMAZON
    }

    fn abilities(&self) -> Abilities {
        ABILITIES_OF_AMAZON
    }

    fn keys(&self) -> Result<Vec<RemoteKey>, AccountError> {
        self.asker.wait(&self.host, async {
            let mut all = self.access_keys().await?;
            all.extend(self.bedrock_keys().await?);
            Ok(all)
        })
    }

    /// Amazon gives these keys no names: one that was lost is the one that was not there before.
    fn create(&self, like: &RemoteKey, order: &Order) -> Result<NewKey, AccountError> {
        self.asker.wait(&self.host, self.made(like, order))
    }

    fn disable(&self, key: &RemoteKey) -> Result<(), AccountError> {
        self.changed("Update", key, Some("Inactive"))
    }

    fn enable(&self, key: &RemoteKey) -> Result<(), AccountError> {
        self.changed("Update", key, Some("Active"))
    }

    fn remove(&self, key: &RemoteKey) -> Result<(), AccountError> {
        self.changed("Delete", key, None)
    }

    fn tells_last_use(&self, key: &RemoteKey) -> bool {
        !is_bedrock(key)
    }

    /// Who the key is of is told to everybody, or refused because nobody allowed it: both take the key for one.
    fn life(&self, values: &[Secret]) -> Option<Life> {
        let [id, secret] = values else { return None };
        let credentials = Credentials::new(id.expose(), secret.expose(), None, None, "rotation");
        let answer = self.asker.wait(&self.host, self.act_as(&credentials, "GetUser", &[]));
        Some(match answer {
            Ok(_) => Life::Live,
            Err(AccountError::Refused(why)) if why.contains("is not authorized to perform") => Life::Live,
            Err(AccountError::Refused(why)) if DEAD.iter().any(|it| why.contains(it)) => Life::Dead,
            Err(error) => Life::Unknown(error.to_string()),
        })
    }

    fn usage(&self, _since: Timestamp) -> Result<Vec<KeyUse>, AccountError> {
        Ok(Vec::new())
    }

    fn skew(&self) -> i64 {
        self.asker.skew()
    }
}

/// The login, and the region that goes with it.
fn logged_in() -> Result<(Credentials, Option<String>), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|it| it.to_string())?;
    runtime.block_on(async {
        let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let provider = config.credentials_provider();
        let found = match &provider {
            Some(provider) => provider.provide_credentials().await.ok(),
            None => None,
        };
        let advice =
            "you are not logged in to Amazon: run `aws configure`, `aws sso login` or `aws login`, or set AWS_PROFILE";
        Ok((found.ok_or(advice)?, config.region().map(ToString::to_string)))
    })
}

/// Users belong to no region, but to a partition.
fn place(region: &str) -> (String, String) {
    let (host, region) = match region {
        it if it.starts_with("cn-") => ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        it if it.starts_with("us-gov-") => ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
        _ => ("iam.amazonaws.com", "us-east-1"),
    };
    (host.to_owned(), region.to_owned())
}

/// The address that a variable names, and its host.
fn own_address(address: &str) -> Result<(String, String), String> {
    let unfit = || "AWS_ENDPOINT_URL: write https://HOST:PORT, or http:// on this machine".to_owned();
    let (scheme, rest) = address.split_once("://").ok_or_else(unfit)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => (host, format!(":{port}")),
        _ => (authority, String::new()),
    };
    let plain = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || b".-[]:".contains(&it));
    let bare = host.trim_matches(['[', ']']);
    let here = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    if host.is_empty() || !plain(host) || !(scheme == "https" || scheme == "http" && here) {
        return Err(unfit());
    }
    Ok((format!("{scheme}://{host}{port}/"), host.to_owned()))
}

fn is_bedrock(key: &RemoteKey) -> bool {
    key.redacted.starts_with(PREFIX)
}

fn access_key(item: &Value) -> Option<RemoteKey> {
    let id = text(item, "AccessKeyId")?;
    Some(RemoteKey { redacted: id.clone(), ..key(item, id)? })
}

fn bedrock_key(item: &Value) -> Option<RemoteKey> {
    let id = text(item, "ServiceSpecificCredentialId")?;
    let alias = text(item, "ServiceCredentialAlias").or_else(|| text(item, "ServiceUserName")).unwrap_or_default();
    // What its value begins with, as far as whole groups of three bytes go.
    let known = format!("{alias}:");
    let whole = if alias.is_empty() { 0 } else { known.len() / 3 * 3 };
    let redacted = format!("{PREFIX}{}…", BASE64_STANDARD.encode(&known.as_bytes()[..whole]));
    Some(RemoteKey { name: alias, redacted, expires: moment(item, "ExpirationDate"), ..key(item, id)? })
}

fn key(item: &Value, id: String) -> Option<RemoteKey> {
    let owner = text(item, "UserName")?;
    Some(RemoteKey {
        id,
        scope: None,
        name: owner.clone(),
        owner: Some(owner),
        redacted: String::new(),
        created: moment(item, "CreateDate"),
        expires: None,
        last_used: None,
        active: text(item, "Status")? == "Active",
    })
}

fn text(item: &Value, name: &str) -> Option<String> {
    item.get(name)?.as_str().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
}

fn moment(item: &Value, name: &str) -> Option<Timestamp> {
    text(item, name)?.parse().ok()
}
