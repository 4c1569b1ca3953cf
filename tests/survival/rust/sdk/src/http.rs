//! A request builder with the shape of `reqwest::blocking`.

use crate::{Error, Result};
use std::fmt::Display;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A header's value; made from the same types as in the `http` crate.
#[derive(Clone)]
pub struct HeaderValue(Vec<u8>);

impl HeaderValue {
    pub fn from_static(value: &'static str) -> Self {
        HeaderValue(value.as_bytes().to_vec())
    }

    pub fn from_str(value: &str) -> Result<Self> {
        Self::from_bytes(value.as_bytes())
    }

    pub fn from_bytes(value: &[u8]) -> Result<Self> {
        if value.iter().any(|byte| *byte < 32) {
            return Err(Error("invalid header value".to_owned()));
        }
        Ok(HeaderValue(value.to_vec()))
    }
}

impl TryFrom<&str> for HeaderValue {
    type Error = Error;
    fn try_from(value: &str) -> Result<Self> {
        Self::from_str(value)
    }
}

impl TryFrom<String> for HeaderValue {
    type Error = Error;
    fn try_from(value: String) -> Result<Self> {
        Self::from_str(&value)
    }
}

impl TryFrom<&String> for HeaderValue {
    type Error = Error;
    fn try_from(value: &String) -> Result<Self> {
        Self::from_str(value)
    }
}

impl TryFrom<&[u8]> for HeaderValue {
    type Error = Error;
    fn try_from(value: &[u8]) -> Result<Self> {
        Self::from_bytes(value)
    }
}

impl TryFrom<Vec<u8>> for HeaderValue {
    type Error = Error;
    fn try_from(value: Vec<u8>) -> Result<Self> {
        Self::from_bytes(&value)
    }
}

#[derive(Clone, Default)]
pub struct Client;

impl Client {
    pub fn new() -> Self {
        Client
    }

    pub fn post<U: AsRef<str>>(&self, url: U) -> RequestBuilder {
        RequestBuilder {
            url: url.as_ref().to_owned(),
            headers: Vec::new(),
            body: String::new(),
            error: None,
        }
    }
}

#[must_use]
pub struct RequestBuilder {
    url: String,
    headers: Vec<(String, HeaderValue)>,
    body: String,
    error: Option<Error>,
}

impl RequestBuilder {
    pub fn header<V>(mut self, name: &str, value: V) -> Self
    where
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<Error>,
    {
        match HeaderValue::try_from(value) {
            Ok(value) => self.headers.push((name.to_owned(), value)),
            Err(error) => self.error = Some(error.into()),
        }
        self
    }

    pub fn bearer_auth<T: Display>(self, token: T) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    pub fn headers<'a>(mut self, headers: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        for (name, value) in headers {
            self = self.header(name, value);
        }
        self
    }

    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub fn send(self) -> Result<Response> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let rest = self
            .url
            .strip_prefix("http://")
            .ok_or_else(|| Error("only http here".to_owned()))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut head =
            format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n").into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(&value.0);
            head.extend_from_slice(b"\r\n");
        }
        let length = self.body.len();
        head.extend_from_slice(
            format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
                .as_bytes(),
        );
        head.extend_from_slice(self.body.as_bytes());
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(&head)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        let text = answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default();
        Ok(Response { status, text })
    }
}

pub struct Response {
    status: u16,
    text: String,
}

impl Response {
    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn error_for_status(self) -> Result<Self> {
        if self.status == 200 {
            Ok(self)
        } else {
            Err(Error(format!("the server answered {}", self.status)))
        }
    }

    pub fn text(self) -> String {
        self.text
    }
}

/// Where programs that bring their own requests send them.
pub fn base_url() -> String {
    std::env::var("STANDIN_URL").expect("STANDIN_URL must be set")
}
