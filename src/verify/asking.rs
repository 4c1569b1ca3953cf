//! Asking: some providers at once, each slowly, over TLS and to no other place than the catalogue names.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::{Life, Request};

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// A provider is asked twice a second at most, one question after the other.
const PACE: Duration = Duration::from_millis(500);
/// So many providers at once.
const AT_ONCE: usize = 8;
/// So much of an answer is read.
const LARGEST: usize = 64 * 1024;

/// Asks providers.
pub struct Verifier {
    client: Client,
    stand_in: Option<SocketAddr>,
    patience: Duration,
}

/// A question that was not answered: the provider is asked nothing more.
struct Silent(String);

impl Verifier {
    /// Over TLS, through the proxy of the environment where there is one.
    pub fn new() -> Result<Verifier, String> {
        let client = Client::builder()
            .user_agent(concat!("aikeys-lsp/", env!("CARGO_PKG_VERSION")))
            .https_only(true)
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| format!("TLS cannot be set up: {}", cause(&error)))?;
        Ok(Verifier { client, stand_in: None, patience: PATIENCE })
    }

    /// For tests: a server on this machine takes the place of every provider. No setting and no variable leads here.
    pub fn of_stand_in(stand_in: SocketAddr, patience: Duration) -> Result<Verifier, String> {
        assert!(stand_in.ip().is_loopback(), "a stand-in is on this machine");
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(patience).build();
        let client = client.map_err(|error| cause(&error))?;
        Ok(Verifier { client, stand_in: Some(stand_in), patience })
    }

    /// The answers, in the order of the questions.
    pub fn ask(&self, requests: &[Request]) -> Result<Vec<Life>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let mut by_host: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, request) in requests.iter().enumerate() {
            by_host.entry(&request.host).or_default().push(at);
        }
        let permits = Semaphore::new(AT_ONCE);
        let hosts = by_host.into_values().map(|questions| self.ask_host(requests, questions, &permits));
        let answers = runtime.block_on(join_all(hosts));
        let mut lives = vec![Life::Unknown("it was not asked".to_owned()); requests.len()];
        for (at, life) in answers.into_iter().flatten() {
            lives[at] = life;
        }
        Ok(lives)
    }

    async fn ask_host(&self, requests: &[Request], questions: Vec<usize>, permits: &Semaphore) -> Vec<(usize, Life)> {
        let _permit = permits.acquire().await;
        let (mut answers, mut silent, mut next) = (Vec::new(), None, Instant::now());
        for at in questions {
            if silent.is_none() {
                sleep_until(next).await;
                next = Instant::now() + PACE;
                match self.ask_one(&requests[at]).await {
                    Ok(life) => {
                        answers.push((at, life));
                        continue;
                    }
                    Err(Silent(why)) => silent = Some(why),
                }
            }
            answers.push((at, Life::Unknown(silent.clone().unwrap_or_default())));
        }
        answers
    }

    async fn ask_one(&self, request: &Request) -> Result<Life, Silent> {
        let failed = |error: reqwest::Error| Silent(self.why(&request.host, &error));
        // An address that cannot be read is not shown either: it can hold the key.
        let unfit = || Silent(format!("the request to {} cannot be made", request.host));
        let mut url = Url::parse(request.url.expose()).map_err(|_| unfit())?;
        if url.scheme() != "https" || url.host_str() != Some(request.host.as_str()) {
            return Err(unfit());
        }
        if let Some(address) = self.stand_in {
            url.set_scheme("http").map_err(|()| unfit())?;
            url.set_ip_host(address.ip()).map_err(|()| unfit())?;
            url.set_port(Some(address.port())).map_err(|()| unfit())?;
        }
        let method = if request.method == "POST" { Method::POST } else { Method::GET };
        let mut asked = self.client.request(method, url);
        if self.stand_in.is_some() {
            asked = asked.header(reqwest::header::HOST, &request.host);
        }
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| unfit())?;
            value.set_sensitive(true);
            asked = asked.header(name, value);
        }
        if let Some(body) = &request.body {
            asked = asked.body(body.expose().to_owned());
        }
        let response = asked.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let body = begin_of(response).await.map_err(failed)?;
        match request.judge(status, &body) {
            Life::Unknown(_) if status == 429 => {
                Err(Silent(format!("{} takes no more questions for now (status 429)", request.host)))
            }
            life => Ok(life),
        }
    }

    /// Why there is no answer. Never what the library says of a request: that has its address.
    fn why(&self, host: &str, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            format!("{host} did not answer in {} seconds", self.patience.as_secs_f32())
        } else if cause(error).to_ascii_lowercase().contains("certificate") {
            format!("what answers for {host} has no certificate that this machine trusts")
        } else if error.is_connect() {
            format!("{host} cannot be reached")
        } else {
            format!("{host} broke off its answer")
        }
    }
}

async fn begin_of(mut response: Response) -> Result<String, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What went wrong at the bottom of an error.
fn cause(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    if error.source().is_some() { last.to_string() } else { String::new() }
}
