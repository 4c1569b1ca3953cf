//! `rotate --serve aws-lambda`: the loop of a function of AWS Lambda, for rotations that Secrets Manager drives.
//!
//! Lambda's own interface is spoken here, so that the program is the whole function: no runtime and no library besides.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Args, life};
use crate::cli::open_account;
use crate::project::Workspace;
use crate::rotation::{Event, Managed};
use crate::secrets::{Catalogue, Secret, discreet, scan, visible};
use crate::stores::{CURRENT, Stages, Stores};

/// Where Lambda listens, in the function's own machine.
const API: &str = "AWS_LAMBDA_RUNTIME_API";
/// For how long the key before the current one stays, where nothing else is said: programs read a secret once a day at least.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// An event of Secrets Manager is small; Lambda's own limit is this.
const LARGEST: usize = 6 * 1024 * 1024;

/// Answers events for as long as Lambda lets it.
pub(super) fn serve(args: &Args) -> Result<u8> {
    let api = env::var(API).ok().filter(|it| !it.is_empty());
    let api =
        api.ok_or_else(|| anyhow!("{API} is not set: AWS Lambda starts this, as `--emit aws-lambda` sets it up"))?;
    let lambda = Lambda::at(&api)?;
    loop {
        let (id, event) = lambda.next()?;
        let done = answer(args, event.as_deref());
        // What Lambda writes into its log.
        match &done {
            Ok(done) => writeln!(io::stderr(), "{done}")?,
            Err(error) => writeln!(io::stderr(), "error: {}", visible(&format!("{error:#}")))?,
        }
        lambda.done(&id, &done)?;
    }
}

/// Does what an event asks for.
fn answer(args: &Args, event: Result<&[u8], &String>) -> Result<String> {
    let event = event.map_err(|why| anyhow!("{why}"))?;
    let event: Value = serde_json::from_slice(event).map_err(|_| anyhow!("the event is no JSON"))?;
    let event = Event::read(&event).map_err(|why| anyhow!(why))?;
    let stages = Stages::open(None, &event.secret, args.field.as_deref())?;
    let provider = match &args.provider {
        Some(provider) => provider.clone(),
        None => provider_of(&stages)?,
    };
    let stores = Stores::of(&Workspace::open(Path::new("."))?);
    let account = open_account(&provider, &stores).map_err(|why| anyhow!(why))?;
    let account = account.ok_or_else(|| anyhow!("{provider} has no interface for its keys: rotate them by hand"))?;
    let managed = Managed {
        stages: &stages,
        account: &*account,
        life: &|values: &[Secret]| life(&provider, values),
        grace: args.grace.unwrap_or(GRACE),
        lifetime: args.lifetime,
        pause: &std::thread::sleep,
    };
    Ok(visible(&managed.go(&event)?))
}

/// Whose key the secret holds, by its shape.
fn provider_of(stages: &Stages) -> Result<String> {
    let labels = stages.labels()?;
    let current = labels.with(CURRENT).and_then(|it| stages.value(it).transpose()).transpose()?;
    let current = current.ok_or_else(|| anyhow!("{}: {CURRENT} holds no key", stages.at()))?;
    let catalogue = Catalogue::built_in();
    let token = scan(catalogue, current.expose().as_bytes()).into_iter().find(|it| !it.needs_context);
    let token = token.ok_or_else(|| {
        anyhow!(
            "{}: nobody knows whose key this is: add `--provider` (and `--field` where it is one of several)",
            stages.at()
        )
    })?;
    Ok(catalogue.shape(token.shape).0.id.clone())
}

/// Lambda's interface for runtimes.
struct Lambda {
    runtime: Runtime,
    client: Client,
    address: String,
}

impl Lambda {
    fn at(api: &str) -> Result<Lambda> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A question for the next event is answered when there is one.
        let client = Client::builder().no_proxy().build().context("no client can be made")?;
        Ok(Lambda { runtime, client, address: format!("http://{api}/2018-06-01/runtime/invocation") })
    }

    /// Waits for an event: its id, and the event, or why it cannot be had.
    fn next(&self) -> Result<(String, Result<Vec<u8>, String>)> {
        self.runtime.block_on(async {
            let response = self.sent(self.client.get(format!("{}/next", self.address))).await?;
            let id = response.headers().get("Lambda-Runtime-Aws-Request-Id").and_then(|it| it.to_str().ok());
            let id = id.map(str::to_owned).context("Lambda's answer names no request")?;
            ensure!(!id.is_empty() && id.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-'), "an odd request");
            let large = response.content_length().is_some_and(|it| it > LARGEST as u64);
            let body = if large { None } else { response.bytes().await.ok() };
            Ok((id, body.map(|it| it.to_vec()).ok_or_else(|| "the event did not come as a whole".to_owned())))
        })
    }

    fn done(&self, id: &str, done: &Result<String>) -> Result<()> {
        let (path, body) = match done {
            Ok(text) => ("response", json!({"done": text})),
            Err(error) => {
                let message = discreet(&format!("{error:#}"));
                ("error", json!({"errorMessage": message, "errorType": "Rotation.Failed", "stackTrace": []}))
            }
        };
        let asked = self.client.post(format!("{}/{id}/{path}", self.address)).body(body.to_string());
        let asked =
            if done.is_err() { asked.header("Lambda-Runtime-Function-Error-Type", "Rotation.Failed") } else { asked };
        self.runtime.block_on(self.sent(asked)).map(|_| ())
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|_| anyhow!("Lambda does not answer at {}", self.address))?;
        let status = response.status();
        ensure!(status.is_success(), "Lambda answered with status {}", status.as_u16());
        Ok(response)
    }
}
