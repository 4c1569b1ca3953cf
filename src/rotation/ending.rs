//! The end of the old key: once the new one works everywhere, and nobody uses the old one any more.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::back::end;
use super::journal::{Step, now, second};
use super::turn::{Hands, Outcome, Rotation, hands_say, settled};
use super::{RotationError, no};
use crate::fixes::{Burned, LOCK};
use crate::moves::audit::Happened;
use crate::project::{Held, Workspace, holding, read_small, write_atomic};
use crate::secrets::Secret;
use crate::verify::Life;

/// So many places are named.
const NAMED: usize = 5;

impl Rotation<'_> {
    /// Ends the old key, if the time has come.
    pub(super) fn finish(&mut self, hands: &mut Hands<'_>) -> Result<Outcome, RotationError> {
        let name = self.journal.name().to_owned();
        let (old, new) = self.values()?;
        self.all_new(&new)?;
        match (hands.life)(&new) {
            Some(Life::Dead) => {
                return Err(no(format!(
                    "its provider does not take the new key of {name} any more: `--abort` puts the old one back, if that \
                     still works"
                )));
            }
            Some(Life::Unknown(why)) => {
                return Err(no(format!("nobody knows whether the new key works ({why}): try again with `--resume`")));
            }
            Some(Life::Live) | None => {}
        }
        if let Some(places) = places_of(self.workspace, &old) {
            return Ok(Outcome::InUse(format!("the old key still stands in {places}: take it out, then `--resume`")));
        }
        let known = match (hands.account, &self.journal.old_key) {
            (Some(account), Some(_)) => Some((account, self.old_key(account)?)),
            _ => None,
        };
        match &known {
            Some((account, Some(key))) if key.active => {
                let tells = account.tells_last_use(key);
                if let Some(used) = key.last_used.filter(|it| self.is_after_switch(*it)) {
                    // Whoever that is has to get the new key first: from now on the time runs anew.
                    self.journal.switched = Some(now());
                    self.journal.skew = account.skew();
                    let used = second(used);
                    hands_say(hands.say, self, "seen", &format!("the old key was used at {used}, after the switch"));
                    return Ok(Outcome::InUse(format!(
                        "find who still has the old key; once it is quiet for {}, `--resume` ends it",
                        spoken(self.journal.grace.unwrap_or(0))
                    )));
                }
                if let Some(waits) = self.waits() {
                    return Ok(waits);
                }
                let unread = self.journal.unread.join(", ");
                let question = match unread.as_str() {
                    "" => "its provider does not say when the old key was last used: end it now?".to_owned(),
                    _ => format!("nobody could read {unread}, which may lead to the old key as well: end it now?"),
                };
                let is_clear = tells && unread.is_empty();
                if !is_clear && !(hands.agree)(&question).map_err(no)? {
                    return Ok(Outcome::Waits(format!("for a yes: `aikeys-lsp rotate {name} --resume --yes`")));
                }
                // Who is switched off can be switched on again, should anything be wrong.
                let how = if account.abilities().disable {
                    account.disable(key)?;
                    "switched off"
                } else {
                    end(*account, key)?;
                    "removed"
                };
                hands_say(hands.say, self, "revoked", &format!("{} is {how}", key.id));
            }
            Some((_, _)) => hands_say(hands.say, self, "revoked", "somebody ended the old key already"),
            None if (hands.life)(&old) == Some(Life::Dead) => {
                hands_say(hands.say, self, "revoked", "its provider does not take the old key any more");
            }
            None => {
                if let Some(waits) = self.waits() {
                    return Ok(waits);
                }
                let page = self.page();
                let question = format!("revoke the old key{page}; is it done?");
                if hands.unattended || !(hands.agree)(&question).map_err(no)? {
                    return Ok(Outcome::Waits(format!(
                        "for you to revoke the old key{page}: then `aikeys-lsp rotate {name} --resume --yes`"
                    )));
                }
            }
        }
        if !self.is_proven_dead(hands, &old) {
            return Ok(Outcome::InUse(format!(
                "its provider still takes the old key: revoke it{}, then `--resume`",
                self.page()
            )));
        }
        // Where keys are only made by hand, somebody may want to see it among them.
        if let Some((account, Some(key))) = &known
            && account.abilities().create
            && account.abilities().disable
        {
            end(*account, key)?;
            hands_say(hands.say, self, "removed", &key.id);
        }
        self.burn()?;
        self.audit(Happened::Revoked, &old);
        self.journal.unseal();
        let listed = if self.workspace.lock().is_some() { ", and may not come back" } else { "" };
        self.done(hands, Step::Ended, "ended", &format!("the old key is not in use any more{listed}"))?;
        Ok(Outcome::Ended)
    }

    /// A moment on the provider's clock lies behind the switch.
    fn is_after_switch(&self, used: Timestamp) -> bool {
        let switched = i64::try_from(self.journal.switched.unwrap_or(u64::MAX)).unwrap_or(i64::MAX);
        used.as_second() > switched.saturating_add(self.journal.skew)
    }

    fn waits(&self) -> Option<Outcome> {
        let over = self.journal.over().filter(|it| *it > now())?;
        let at = i64::try_from(over).ok().and_then(|it| Timestamp::from_second(it).ok()).map(second);
        let name = self.journal.name();
        Some(Outcome::Waits(format!(
            "the old key stays until {}: then `aikeys-lsp rotate {name} --resume`",
            at.unwrap_or_else(|| "the end of its grace period".to_owned())
        )))
    }

    /// Not where its provider still takes it; where nobody can tell, that is noted.
    fn is_proven_dead(&mut self, hands: &mut Hands<'_>, old: &[Secret]) -> bool {
        let (what, text) = match settled(&Life::Live, &|| (hands.life)(old), hands.pause) {
            Some(Life::Live) => return false,
            Some(Life::Dead) => ("proven", "its provider does not take the old key any more".to_owned()),
            Some(Life::Unknown(why)) => ("unproven", format!("nobody knows whether the old key is dead: {why}")),
            None => ("unproven", "no harmless request tells whether the old key is dead".to_owned()),
        };
        hands_say(hands.say, self, what, &text);
        true
    }

    /// `aikeys.lock` says since when the key is in use.
    pub(super) fn list_as_new(&self) -> Result<(), RotationError> {
        edit_lock(self.workspace, |lock, today| lock.renewed(&self.journal.names, today))
    }

    /// And again since when the old key is.
    pub(super) fn list_as_old(&self) -> Result<(), RotationError> {
        let Some(since) = &self.journal.since else { return Ok(()) };
        edit_lock(self.workspace, |lock, _| lock.renewed(&self.journal.names, since))
    }

    /// `aikeys.lock` says that the old key may not come back, where there is one.
    fn burn(&self) -> Result<(), RotationError> {
        if let Some(problem) = self.workspace.lock_problem() {
            return Err(no(format!("{problem}; then go on with `--resume`")));
        }
        if self.workspace.lock().is_none() {
            return Ok(());
        }
        let date = self.workspace.surroundings(Path::new("")).today;
        let burned = |fingerprint: &String| Burned {
            fingerprint: fingerprint.clone(),
            provider: Some(self.journal.provider.clone()),
            date: date.clone(),
        };
        let burned: Vec<Burned> = self.journal.old.iter().map(burned).collect();
        self.workspace.burn(&burned).map(drop).map_err(|error| no(error.to_string()))
    }
}

/// Changes the list of keys, where there is one.
fn edit_lock(
    workspace: &Workspace,
    change: impl FnOnce(&crate::fixes::Lock, &str) -> String,
) -> Result<(), RotationError> {
    let path = workspace.root().join(LOCK);
    let Some(bytes) = read_small(&path)? else { return Ok(()) };
    let text = String::from_utf8_lossy(&bytes);
    let lock = crate::fixes::Lock::parse(&text)
        .map_err(|why| no(format!("{}: {why}: mend it, then go on with `--resume`", path.display())))?;
    let after = change(&lock, &workspace.surroundings(Path::new("")).today);
    if after != text {
        write_atomic(workspace.root(), &path, Some(&bytes), after.as_bytes(), 0o644)?;
    }
    Ok(())
}

/// The files that hold the values, for people; also encoded, as Kubernetes has them.
fn places_of(workspace: &Workspace, values: &[Secret]) -> Option<String> {
    let encoded = values.iter().flat_map(|it| {
        let hex = it.expose().bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        // What stands behind it in the encoded text changes the last digits.
        let whole = STANDARD.encode(it.expose());
        let same = it.expose().len() / 3 * 4;
        [Secret::new(&whole[..same]), Secret::new(hex)]
    });
    let keys: Vec<Secret> = values.iter().cloned().chain(encoded).collect();
    let found = holding(workspace, &keys.iter().collect::<Vec<_>>(), &Default::default());
    let name = |it: &Held| match it {
        Held::Text(doc) => doc.path().display().to_string(),
        Held::Not(path, _) => path.display().to_string(),
    };
    let more = found.len().checked_sub(NAMED + 1).map(|more| format!("{} more", more + 1));
    let named: Vec<String> = found.iter().take(NAMED).map(name).chain(more).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// `1 h`, `90 s`
fn spoken(seconds: u64) -> String {
    if seconds > 0 && seconds.is_multiple_of(3600) { format!("{} h", seconds / 3600) } else { format!("{seconds} s") }
}
