//! The way back: the old key stands everywhere again, and the new one ends.

use super::journal::{Journal, Step, is, mark};
use super::places::{exchange, values_at};
use super::turn::{Hands, Outcome, Rotation, hands_say};
use super::{RotationError, no};
use crate::accounts::{Account, AccountError, RemoteKey};
use crate::secrets::Secret;
use crate::verify::Life;

impl Rotation<'_> {
    /// Puts the old key back, where it still works, and ends the new one.
    pub fn abort(&mut self, hands: &mut Hands<'_>) -> Result<Outcome, RotationError> {
        let name = self.journal.name().to_owned();
        let (old, new) = self.values()?;
        if self.journal.step == Step::Begun {
            if let Some(account) = hands.account {
                self.take_away(account, &account.keys()?, hands)?;
            }
            self.journal.unseal();
            self.done(hands, Step::GivenUp, "given up", "there is no new key")?;
            return Ok(Outcome::GivenUp);
        }
        // Without a key that works there is no way back.
        if let (Some(account), Some(_)) = (hands.account, &self.journal.old_key)
            && let Some(key) = self.old_key(account)?.filter(|it| !it.active)
            && account.abilities().disable
        {
            account.enable(&key)?;
            hands_say(hands.say, self, "enabled", "the old key is switched on again");
        }
        match (hands.life)(&old) {
            Some(Life::Live) | None => {}
            Some(Life::Dead) => {
                return Err(no(format!("the old key of {name} is dead already: go on with `--resume`")));
            }
            Some(Life::Unknown(why)) => {
                return Err(no(format!("nobody knows whether the old key of {name} still works ({why}): try again")));
            }
        }
        self.take_back(hands, &old, &new)?;
        Ok(Outcome::GivenUp)
    }

    /// The old key stands everywhere again, and then the new one goes.
    pub(super) fn take_back(
        &mut self,
        hands: &mut Hands<'_>,
        old: &[Secret],
        new: &[Secret],
    ) -> Result<(), RotationError> {
        let at = values_at(self.workspace, self.stores, &self.journal.places)?;
        // What somebody else wrote meanwhile stays.
        let ours =
            |at: &Option<Secret>| at.as_ref().is_some_and(|it| self.journal.new.iter().any(|print| is(it, print)));
        let places: Vec<_> =
            self.journal.places.iter().zip(&at).filter(|(_, at)| ours(at)).map(|(place, _)| place.clone()).collect();
        // Who is stopped in between still has both.
        self.journal.seal(old, new)?;
        self.journal.save()?;
        exchange(self.workspace, self.stores, &places, new, old)?;
        self.list_as_old()?;
        match (hands.account, self.journal.new_key.clone()) {
            (Some(account), Some(_)) => self.take_away(account, &account.keys()?, hands)?,
            (_, Some(key)) => {
                let page = self.page();
                return Err(no(format!(
                    "the old key stands everywhere; the new one ({}) has to be removed{page}: set the variable of the \
                     administrator's key, then run `--abort` again",
                    key.shown
                )));
            }
            (_, None) if self.journal.assisted => {
                let page = self.page();
                hands_say(hands.say, self, "removed", &format!("nothing: revoke the new key yourself{page}"));
            }
            _ => {}
        }
        self.journal.unseal();
        self.done(hands, Step::GivenUp, "given up", "the old key stands everywhere")
    }

    /// Ends every key that this rotation made.
    pub(super) fn take_away(
        &mut self,
        account: &dyn Account,
        keys: &[RemoteKey],
        hands: &mut Hands<'_>,
    ) -> Result<(), RotationError> {
        let name = self.journal.new_name();
        for key in keys.iter().filter(|it| it.active) {
            let is_known = key.name == name || self.journal.new_key.as_ref().is_some_and(|it| it.id == mark(&key.id));
            if !is_known {
                if !self.may_be_ours(account, key) {
                    continue;
                }
                let made = key.created.map(|it| format!(" at {it}")).unwrap_or_default();
                let which = format!("a key of {} was made{made}", key.owner.as_deref().unwrap_or("the same user"));
                let question = format!("{which}, after this rotation began, and was never used: remove it?");
                if hands.unattended || !(hands.agree)(&question).map_err(no)? {
                    let yes = "look whose it is, then go on with `--yes`";
                    return Err(no(format!("{which}: it may be this rotation's, and nobody has its value; {yes}")));
                }
            }
            end(account, key)?;
            hands_say(hands.say, self, "removed", &format!("{}, whose value nobody uses", key.id));
        }
        Ok(())
    }

    /// Where keys have no names: it was not there before, its holder is the same, and nobody used it.
    fn may_be_ours(&self, account: &dyn Account, key: &RemoteKey) -> bool {
        let Journal { before: Some(before), old_key: Some(old), new_key: None, .. } = &self.journal else {
            return false;
        };
        let is_new = !before.contains(&mark(&key.id)) && key.last_used.is_none();
        is_new && !account.abilities().name && (&key.owner, &key.scope) == (&old.owner, &old.scope)
    }
}

/// Ends a key: for good where the provider can do that, else it is switched off. One that is gone is fine.
pub(super) fn end(account: &dyn Account, key: &RemoteKey) -> Result<(), RotationError> {
    let ended = if account.abilities().remove { account.remove(key) } else { account.disable(key) };
    match ended {
        Err(AccountError::Gone(_)) => Ok(()),
        ended => Ok(ended?),
    }
}
