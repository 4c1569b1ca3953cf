//! Asking about keys: some providers at once, each slowly.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::caller::{Caller, Silent};
use super::{Life, Request};

/// A provider is asked twice a second at most, one question after the other.
const PACE: Duration = Duration::from_millis(500);
/// So many providers at once.
const AT_ONCE: usize = 8;
/// So much of an answer is read.
const LARGEST: usize = 64 * 1024;

/// Asks providers whether keys are alive.
pub struct Verifier(Caller);

impl Verifier {
    /// Over TLS, through the proxy of the environment where there is one.
    pub fn new() -> Result<Verifier, String> {
        Caller::new().map(Verifier)
    }

    /// For tests: a server on this machine takes the place of every provider.
    pub fn of_stand_in(stand_in: SocketAddr, patience: Duration) -> Result<Verifier, String> {
        Caller::of_stand_in(stand_in, patience).map(Verifier)
    }

    /// The answers, in the order of the questions.
    pub fn ask(&self, requests: &[Request]) -> Result<Vec<Life>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let mut by_host: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, request) in requests.iter().enumerate() {
            by_host.entry(&request.question.host).or_default().push(at);
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
        let answer = self.0.ask(&request.question, LARGEST).await?;
        match request.judge(answer.status, &answer.body) {
            Life::Unknown(_) if answer.status == 429 => {
                Err(Silent(format!("{} takes no more questions for now (status 429)", request.question.host)))
            }
            life => Ok(life),
        }
    }
}
