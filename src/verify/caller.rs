//! One question to a provider and its answer: over TLS, to the host that the catalogue names and no other, with limits of
//! time and size.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};

use super::Question;

/// An answer that takes longer is none.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Asks providers. Redirects are not followed.
pub struct Caller {
    client: Client,
    stand_in: Option<SocketAddr>,
    local: bool,
    patience: Duration,
}

/// What came back. It can hold a key as well.
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// As much of it as was wanted.
    pub body: String,
    /// There was no more of it.
    pub whole: bool,
    /// The provider's clock.
    pub date: Option<Timestamp>,
    /// When to ask again.
    pub retry_after: Option<Duration>,
}

/// Why there is no answer. Never what the library says of a request: that has its address, in which a key can stand.
#[derive(Debug)]
pub struct Silent(pub String);

impl Caller {
    /// Over TLS, through the proxy of the environment where there is one.
    pub fn new() -> Result<Caller, String> {
        #[cfg(debug_assertions)]
        if let Some(address) = stand_in()? {
            return Caller::of_stand_in(address, PATIENCE);
        }
        let client = Client::builder().user_agent(NAME).https_only(true);
        Ok(Caller { client: built(client, PATIENCE)?, stand_in: None, local: false, patience: PATIENCE })
    }

    /// A server on this machine takes the place of every provider: for tests. No setting leads here, and in a release
    /// build no variable either.
    pub fn of_stand_in(stand_in: SocketAddr, patience: Duration) -> Result<Caller, String> {
        assert!(stand_in.ip().is_loopback(), "a stand-in is on this machine");
        let client = built(Client::builder().user_agent(NAME).no_proxy(), patience)?;
        Ok(Caller { client, stand_in: Some(stand_in), local: false, patience })
    }

    /// Where the user's own environment names another address than the provider's: one on this machine may do without TLS.
    pub fn of_own_address() -> Result<Caller, String> {
        let client = built(Client::builder().user_agent(NAME).no_proxy(), PATIENCE)?;
        Ok(Caller { client, stand_in: None, local: true, patience: PATIENCE })
    }

    /// Asks once. Of the answer `largest` bytes are read.
    pub async fn ask(&self, question: &Question, largest: usize) -> Result<Answer, Silent> {
        let host = &question.host;
        let failed = |error: reqwest::Error| Silent(self.why(host, &error));
        // An address that cannot be read is not shown either: it can hold the key.
        let unfit = || Silent(format!("the request to {host} cannot be made"));
        let mut url = Url::parse(question.url.expose()).map_err(|_| unfit())?;
        if url.host_str() != Some(host.as_str()) || !(url.scheme() == "https" || self.local && is_here(&url)) {
            return Err(unfit());
        }
        if let Some(address) = self.stand_in {
            url.set_scheme("http").map_err(|()| unfit())?;
            url.set_ip_host(address.ip()).map_err(|()| unfit())?;
            url.set_port(Some(address.port())).map_err(|()| unfit())?;
        }
        let method = Method::from_bytes(question.method.as_bytes()).map_err(|_| unfit())?;
        let mut asked = self.client.request(method, url);
        if self.stand_in.is_some() {
            asked = asked.header(HOST, host);
        }
        for (name, value) in &question.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| unfit())?;
            value.set_sensitive(true);
            asked = asked.header(name, value);
        }
        if let Some(body) = &question.body {
            asked = asked.body(body.expose().to_owned());
        }
        let response = asked.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let date = said(response.headers(), DATE).and_then(|it| instant(&it));
        let retry_after = said(response.headers(), RETRY_AFTER).and_then(|it| wait(&it, date));
        let (body, whole) = begin_of(response, largest).await.map_err(failed)?;
        Ok(Answer { status, body, whole, date, retry_after })
    }

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

const NAME: &str = concat!("aikeys-lsp/", env!("CARGO_PKG_VERSION"));

fn built(client: reqwest::ClientBuilder, patience: Duration) -> Result<Client, String> {
    let client = client.redirect(Policy::none()).timeout(patience).build();
    client.map_err(|error| format!("TLS cannot be set up: {}", cause(&error)))
}

/// `AIKEYS_STAND_IN=127.0.0.1:PORT`: what is built for tests sends all questions there.
#[cfg(debug_assertions)]
fn stand_in() -> Result<Option<SocketAddr>, String> {
    use std::io::Write;
    static SAID: std::sync::Once = std::sync::Once::new();

    let Some(said) = std::env::var("AIKEYS_STAND_IN").ok().filter(|it| !it.is_empty()) else { return Ok(None) };
    let address = said.parse::<SocketAddr>().ok().filter(|it| it.ip().is_loopback());
    let address = address.ok_or("AIKEYS_STAND_IN is no address on this machine: write 127.0.0.1:PORT")?;
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "warning: AIKEYS_STAND_IN: {address} takes the place of every provider");
    });
    Ok(Some(address))
}

/// The address leads to this machine. The library writes every form of it in one way.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

fn said(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn instant(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Seconds, or when.
fn wait(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let left = instant(text)?.duration_since(now?);
    Some(left.unsigned_abs()).filter(|_| left.is_positive())
}

async fn begin_of(mut response: Response, largest: usize) -> Result<(String, bool), reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > largest {
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), false));
        }
    }
    Ok((String::from_utf8_lossy(&bytes).into_owned(), true))
}

/// What went wrong at the bottom of an error.
fn cause(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    if error.source().is_some() { last.to_string() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_answers_are_understood() {
        let now = instant("Sun, 06 Nov 1994 08:49:37 GMT").expect("a time");
        assert_eq!(now.as_second(), 784_111_777);
        assert_eq!(wait("3", None), Some(Duration::from_secs(3)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:39 GMT", Some(now)), Some(Duration::from_secs(2)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:30 GMT", Some(now)), None);
        assert_eq!((wait("soon", Some(now)), instant("yesterday")), (None, None));
    }
}
