//! One question of an account: asked again where that does no harm, judged, and what its failure means.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::AccountError;
use crate::secrets::{Secret, discreet};
use crate::verify::{Answer, Caller, PATIENCE, Question, Silent};

/// Lists of many pages and scopes take longer than a question.
const ALL: Duration = Duration::from_secs(60);
/// So many questions at once.
const AT_ONCE: usize = 8;
/// So much of an answer is read; a page of keys has a tenth.
const LARGEST: usize = 16 * 1024 * 1024;
/// A question that may be asked again is asked so many times.
const TIMES: u32 = 3;

/// Asks, and notes what the provider's clock says.
pub(super) struct Asker {
    runtime: Runtime,
    caller: Caller,
    at_once: Semaphore,
    skew: AtomicI64,
    /// What no message may hold.
    hidden: Vec<Secret>,
}

impl Asker {
    pub fn new(caller: Caller, hidden: Vec<Secret>) -> Result<Asker, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        Ok(Asker { runtime, caller, at_once: Semaphore::new(AT_ONCE), skew: AtomicI64::new(0), hidden })
    }

    /// Waits for an answer of several questions.
    pub fn wait<T>(&self, host: &str, work: impl Future<Output = Result<T, AccountError>>) -> Result<T, AccountError> {
        let late = || AccountError::Lost(format!("{host} did not tell all in {} seconds", ALL.as_secs()));
        self.runtime.block_on(async { timeout(ALL, work).await }).unwrap_or_else(|_| Err(late()))
    }

    pub fn skew(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    /// Asks some things at the same time; the first failure counts.
    pub async fn each<T, F>(&self, work: impl Iterator<Item = F>) -> Result<Vec<T>, AccountError>
    where
        F: Future<Output = Result<T, AccountError>>,
    {
        join_all(work).await.into_iter().collect()
    }

    /// Asks. What only reads is asked again when no answer comes, and everything where the provider says that it did
    /// nothing because it has too much to do; all within the time that one answer has.
    pub async fn ask(&self, question: &Question, reads: bool) -> Result<String, AccountError> {
        let _permit = self.at_once.acquire().await;
        let start = Instant::now();
        let mut time = 1;
        loop {
            let answer = timeout(PATIENCE.saturating_sub(start.elapsed()), self.caller.ask(question, LARGEST)).await;
            let late = || Silent(format!("{} did not answer in {} seconds", question.host, PATIENCE.as_secs()));
            let answer = answer.unwrap_or_else(|_| Err(late()));
            let pause = match &answer {
                Ok(answer) if is_busy(answer) => answer.retry_after.unwrap_or(Duration::from_secs(1)),
                Ok(answer) if answer.status >= 500 && reads => Duration::from_millis(300),
                Err(_) if reads => Duration::from_millis(300),
                _ => return self.judged(question, answer),
            };
            if time == TIMES || start.elapsed() + pause >= PATIENCE {
                return self.judged(question, answer);
            }
            sleep(pause).await;
            time += 1;
        }
    }

    fn judged(&self, question: &Question, answer: Result<Answer, Silent>) -> Result<String, AccountError> {
        let answer = answer.map_err(|Silent(why)| AccountError::Lost(why))?;
        if let Some(date) = answer.date {
            self.skew.store(date.as_second() - Timestamp::now().as_second(), Ordering::Relaxed);
        }
        let (host, status) = (&question.host, answer.status);
        let says = self.says(&answer.body).map(|it| format!(": {it}")).unwrap_or_default();
        match status {
            200..=299 if answer.whole => Ok(answer.body),
            200..=299 => Err(AccountError::Lost(format!("the answer of {host} is larger than it can be"))),
            _ if is_busy(&answer) => {
                Err(AccountError::Busy(format!("{host} takes no more questions for now (status {status})")))
            }
            404 => Err(AccountError::Gone(format!("{host} knows nothing of it (status 404){says}"))),
            400..=499 => Err(AccountError::Refused(format!("{host} refused (status {status}){says}"))),
            _ => Err(AccountError::Lost(format!("{host} answered with status {status}"))),
        }
    }

    /// The provider's own words, without keys.
    fn says(&self, body: &str) -> Option<String> {
        let text = words(body)?;
        let text = self.hidden.iter().fold(text, |text, it| text.replace(it.expose(), "…"));
        let text: String = discreet(&text).chars().take(300).collect();
        Some(text.trim().trim_end_matches('.').to_owned()).filter(|it| !it.is_empty())
    }
}

/// It has too much to do, and did nothing. Amazon says so in its own way.
fn is_busy(answer: &Answer) -> bool {
    answer.status == 429 || answer.status == 400 && answer.body.contains("<Code>Throttling")
}

/// What an error says, in JSON or in Amazon's XML.
fn words(body: &str) -> Option<String> {
    if let Some((_, rest)) = body.split_once("<Message>") {
        return Some(rest.split('<').next().unwrap_or_default().to_owned());
    }
    let said: Value = serde_json::from_str(body).ok()?;
    let places = ["/error/message", "/message", "/detail/message", "/detail", "/error", "/err_msg"];
    places.iter().find_map(|place| said.pointer(place)?.as_str()).map(str::to_owned)
}
