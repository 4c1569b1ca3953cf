//! A rotation that AWS Secrets Manager drives: it asks for four steps, and may ask for each of them twice.
//!
//! The journal is Secrets Manager's own: the labels of the secret's versions. The key before the current one ends when the
//! next rotation begins, or when somebody asks for `endPrevious`: until then both work, and programs may take the new one
//! whenever they read the secret again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::back::end;
use super::journal::second;
use super::turn::{settled, the_one};
use super::{RotationError, no};
use crate::accounts::{Account, Order, RemoteKey};
use crate::secrets::Secret;
use crate::stores::{CURRENT, Labels, PENDING, PREVIOUS, Stages, StoreError};
use crate::verify::Life;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    step: Part,
    /// The secret's address.
    pub secret: String,
    /// The new version's name; empty where no new version is asked for.
    token: String,
    /// By which Secrets Manager knows who asked.
    proof: Option<String>,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Create,
    Set,
    Test,
    Finish,
    /// Ours, and not Amazon's: the key before the current one ends.
    EndPrevious,
}

/// What a step needs.
pub struct Managed<'m> {
    /// The secret.
    pub stages: &'m Stages,
    /// The account whose key it is.
    pub account: &'m dyn Account,
    /// Whether the provider takes a key; none where no harmless request tells.
    pub life: &'m dyn Fn(&[Secret]) -> Option<Life>,
    /// For how long the key before the current one stays.
    pub grace: Duration,
    /// For how long a new key lives, where the provider can do that.
    pub lifetime: Option<Duration>,
    /// Waits.
    pub pause: &'m dyn Fn(Duration),
}

/// What became of the key before the current one.
enum Previous {
    /// There is none any more.
    None,
    Ended(String),
    /// It has to stay, for this reason.
    Stays(String),
}

impl Event {
    /// Reads what the function was called with.
    pub fn read(event: &Value) -> Result<Event, String> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        let step = match text("Step") {
            Some("createSecret") => Part::Create,
            Some("setSecret") => Part::Set,
            Some("testSecret") => Part::Test,
            Some("finishSecret") => Part::Finish,
            Some("endPrevious") => Part::EndPrevious,
            _ => {
                let steps = "createSecret, setSecret, testSecret, finishSecret or endPrevious";
                return Err(format!("this is no step of a rotation: `Step` has to be {steps}"));
            }
        };
        let token = text("ClientRequestToken").unwrap_or_default();
        if token.is_empty() && step != Part::EndPrevious {
            return Err("the event has no `ClientRequestToken`".to_owned());
        }
        Ok(Event {
            step,
            secret: text("SecretId").ok_or("the event has no `SecretId`")?.to_owned(),
            token: token.to_owned(),
            proof: text("RotationToken").map(str::to_owned),
        })
    }
}

impl Managed<'_> {
    /// Does a step, and says what was done. A step that was done already is fine.
    pub fn go(&self, event: &Event) -> Result<String, RotationError> {
        let labels = self.stages.labels()?;
        let current = labels.with(CURRENT).ok_or_else(|| no(format!("{}: no version counts", self.stages.at())))?;
        if !labels.rotates {
            return Err(no(format!("{}: its rotation is not switched on", self.stages.at())));
        }
        if event.step == Part::EndPrevious {
            let keys = self.account.keys()?;
            let (old, _) = self.current(current, &keys)?;
            return Ok(match self.end_previous(&labels, current, &old, &keys)? {
                Previous::None => "there is no key before the current one".to_owned(),
                Previous::Ended(id) => format!("ended {id}, the key before the current one"),
                Previous::Stays(why) => why,
            });
        }
        let token = &event.token;
        let own =
            labels.of.get(token).ok_or_else(|| no(format!("{}: there is no version {token}", self.stages.at())))?;
        if own.iter().any(|it| it == CURRENT) {
            return Ok("this version counts already".to_owned());
        }
        if !own.iter().any(|it| it == PENDING) {
            return Err(no(format!("{}: version {token} is not pending", self.stages.at())));
        }
        match event.step {
            Part::Create => self.create(event, &labels, current),
            Part::Set => self.pending(token).map(|_| "its provider made the key, so it knows it".to_owned()),
            Part::Test => self.test(token),
            _ => {
                self.pending(token)?;
                self.stages.make_current(token, current)?;
                Ok(format!("version {token} counts from now on"))
            }
        }
    }

    fn create(&self, event: &Event, labels: &Labels, current: &str) -> Result<String, RotationError> {
        let keys = self.account.keys()?;
        if let Some(new) = self.stages.value(&event.token)? {
            return match the_one(&keys, &new).map_err(no)? {
                Some(key) => Ok(format!("{} is made already", key.id)),
                // A version keeps its value for ever.
                None => Err(no(format!(
                    "{}: the account does not know the key of version {}: end this rotation with `aws secretsmanager \
                     cancel-rotate-secret`, and begin another one",
                    self.stages.at(),
                    event.token
                ))),
            };
        }
        let (old, known) = self.current(current, &keys)?;
        if let Previous::Stays(why) = self.end_previous(labels, current, &old, &keys)? {
            return Err(no(why));
        }
        // What an earlier try left: nobody has these keys' values, or nobody was given them.
        let family = format!("aikeys-{}-", short(&self.stages.at().path));
        for lost in keys.iter().filter(|it| it.active && it.id != known.id && it.name.starts_with(&family)) {
            end(self.account, lost)?;
        }
        let order = Order { name: format!("{family}{}", short(&event.token)), lifetime: self.lifetime };
        let made = self.account.create(known, &order)?;
        let id = made.key.id.clone();
        let [value] = &made.values[..] else {
            end(self.account, &made.key)?;
            return Err(no(format!("{} made a key of several parts, which was ended again", self.account.provider())));
        };
        match self.stages.put_pending(&event.token, current, value, event.proof.as_deref()) {
            Ok(()) => Ok(format!("made {id} as {}", order.name)),
            // It may have been written: the next try finds it, or ends the key.
            Err(error @ StoreError::Unanswered(_)) => Err(error.into()),
            Err(error) => {
                end(self.account, &made.key)?;
                Err(no(format!("{error}; {id}, which was made, was ended again")))
            }
        }
    }

    fn test(&self, token: &str) -> Result<String, RotationError> {
        let new = self.pending(token)?;
        match settled(&Life::Dead, &|| (self.life)(std::slice::from_ref(&new)), self.pause) {
            Some(Life::Live) => Ok("its provider takes it".to_owned()),
            Some(Life::Dead) => Err(no("its provider does not take the new key: the old one stays in use".to_owned())),
            Some(Life::Unknown(why)) => Err(no(format!("nobody knows whether the new key works ({why})"))),
            None => match the_one(&self.account.keys()?, &new).map_err(no)? {
                Some(key) => Ok(format!("{} is in the account; no harmless request tells more", key.id)),
                None => Err(no("the account does not know the new key".to_owned())),
            },
        }
    }

    /// The key that is in use, and what the account calls it.
    fn current<'k>(&self, version: &str, keys: &'k [RemoteKey]) -> Result<(Secret, &'k RemoteKey), RotationError> {
        let empty = || no(format!("{}: {CURRENT} holds no key", self.stages.at()));
        let old = self.stages.value(version)?.ok_or_else(empty)?;
        let known = the_one(keys, &old).map_err(no)?.ok_or_else(|| {
            let provider = self.account.provider();
            no(format!("{}: the account of {provider} does not know the key in {CURRENT}", self.stages.at()))
        })?;
        Ok((old, known))
    }

    /// Ends the key before the current one, once nobody uses it any more.
    fn end_previous(
        &self,
        labels: &Labels,
        current: &str,
        now_used: &Secret,
        keys: &[RemoteKey],
    ) -> Result<Previous, RotationError> {
        let Some(version) = labels.with(PREVIOUS) else { return Ok(Previous::None) };
        let Some(value) = self.stages.value(version)?.filter(|it| it != now_used) else { return Ok(Previous::None) };
        let Some(key) = the_one(keys, &value).map_err(no)? else { return Ok(Previous::None) };
        let stays = |why: String| Ok(Previous::Stays(format!("{}, the key before the current one, {why}", key.id)));
        // Who goes back to an older version makes the newer one the previous one.
        let made = self.stages.made(current)?.zip(self.stages.made(version)?);
        let Some(switched) = made.map(|(current, previous)| current.max(previous)) else {
            return stays("has to stay: nobody knows since when the current one counts".to_owned());
        };
        let over = SignedDuration::try_from(self.grace).ok().and_then(|it| switched.checked_add(it).ok());
        let over = over.unwrap_or(Timestamp::MAX);
        if Timestamp::now() < over {
            return stays(format!("stays until {}", second(over)));
        }
        let skew = SignedDuration::from_secs(self.account.skew());
        let used = key.last_used.filter(|it| it.checked_sub(skew).unwrap_or(*it) > over);
        if let Some(used) = used {
            return stays(format!("was used at {}: find who still has it", second(used)));
        }
        end(self.account, key)?;
        Ok(Previous::Ended(key.id.clone()))
    }

    fn pending(&self, token: &str) -> Result<Secret, RotationError> {
        self.stages.value(token)?.ok_or_else(|| no(format!("{}: version {token} holds nothing", self.stages.at())))
    }
}

/// A name for a long one.
fn short(text: &str) -> String {
    Sha256::digest(text).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_steps() {
        let event = json!({"Step": "createSecret", "SecretId": "arn", "ClientRequestToken": "t", "RotationToken": "p"});
        let read = Event::read(&event).expect("an event");
        assert_eq!((read.step, read.secret.as_str(), read.token.as_str()), (Part::Create, "arn", "t"));
        assert_eq!(read.proof.as_deref(), Some("p"));
        assert!(Event::read(&json!({"Step": "endPrevious", "SecretId": "arn"})).is_ok());
        for wrong in [
            json!({"Step": "createSecret", "SecretId": "arn"}),
            json!({"Step": "createSecret", "ClientRequestToken": "t"}),
            json!({"Step": "other", "SecretId": "arn", "ClientRequestToken": "t"}),
            json!([1]),
            json!(null),
        ] {
            assert!(Event::read(&wrong).is_err(), "{wrong}");
        }
    }
}
