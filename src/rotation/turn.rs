//! The steps of a rotation, each written down before the next one begins.

use std::time::Duration;

use super::journal::{Journal, Mark, Step, journals, locked, mark, now};
use super::places::{exchange, target, values_at, variables_of};
use super::{RotationError, no};
use crate::accounts::{Account, AccountError, Order, RemoteKey};
use crate::moves::audit::{self, Happened, Line};
use crate::project::{FolderLock, Workspace};
use crate::secrets::{Catalogue, Format, Secret, without_keys};
use crate::stores::{Stores, store_id};
use crate::verify::Life;

/// What a new key is like, and what is done with it.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The user makes and revokes the keys, also where the account could.
    pub assisted: bool,
    /// A command that makes programs take the new key.
    pub hook: Option<String>,
    /// For how long the old key stays after the switch; none leaves it to what the provider tells.
    pub grace: Option<Duration>,
    /// For how long the new key lives, where the provider can do that.
    pub lifetime: Option<Duration>,
}

/// Values that the user types, one for each variable.
type Typed<'h> = dyn FnMut(&[String]) -> Result<Vec<Secret>, String> + 'h;

/// What a rotation asks of the world.
pub struct Hands<'h> {
    /// The provider's account, where it can be opened.
    pub account: Option<&'h dyn Account>,
    /// Whether the provider takes a key; none where no harmless request tells.
    pub life: &'h dyn Fn(&[Secret]) -> Option<Life>,
    /// Lets the user make a key and type its values, one for each of these variables.
    pub typed: &'h mut Typed<'h>,
    /// A question that only a yes answers.
    pub agree: &'h mut dyn FnMut(&str) -> Result<bool, String>,
    /// Runs the command.
    pub hook: &'h dyn Fn(&str) -> Result<(), String>,
    /// Nobody is there: what only somebody can know is not taken for granted.
    pub unattended: bool,
    /// Says what was done.
    pub say: &'h mut dyn FnMut(&str, &str),
    /// Waits.
    pub pause: &'h dyn Fn(Duration),
}

/// How a rotation left off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The old key is dead.
    Ended,
    /// It waits for a moment, or for somebody; says for what.
    Waits(String),
    /// Somebody still uses the old key, or a place still holds it; says who.
    InUse(String),
    /// The new key was taken back.
    GivenUp,
}

/// A rotation, which no other process touches as long as this is there.
pub struct Rotation<'w> {
    pub(super) workspace: &'w Workspace,
    pub(super) stores: &'w Stores,
    pub(super) journal: Journal,
    /// The old and the new values: opening them takes a moment.
    known: Option<(Vec<Secret>, Vec<Secret>)>,
    _lock: FolderLock,
}

/// A grace period where the provider says when a key was last used: it says so with a delay.
const GRACE_WHEN_TOLD: Duration = Duration::from_secs(60 * 60);
/// And where nobody says.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// A new key and the end of an old one take a moment to be known everywhere at a provider, in seconds.
const PAUSES: [u64; 4] = [0, 1, 2, 4];

impl<'w> Rotation<'w> {
    /// Begins to rotate what a variable holds. `ready` hears whose key it is, before anything is written down.
    pub fn begin(
        workspace: &'w Workspace,
        stores: &'w Stores,
        name: &str,
        terms: &Terms,
        ready: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<Rotation<'w>, RotationError> {
        let variables = variables_of(name);
        let (lock, known) = locked(workspace.root(), &variables)?;
        if known.is_some_and(|it| !it.step.is_last()) {
            return Err(no(format!(
                "a rotation of {name} has begun already: go on with `--resume`, or take the new key back with `--abort`"
            )));
        }
        if let Some(problem) = workspace.lock_problem() {
            return Err(no(problem.to_string()));
        }
        let target = target(workspace, stores, name)?;
        let mut journal = Journal::begun(workspace.root(), &target);
        // The same key under another name is in somebody's hands already.
        let holds =
            |it: &Journal| it.old.iter().chain(&it.new).any(|print| !print.is_empty() && journal.old.contains(print));
        let others = journals().0.into_iter().filter(|it| it.root == workspace.root() && !it.step.is_last());
        if let Some(other) = others.into_iter().find(holds) {
            let other = other.name();
            return Err(no(format!(
                "{name} holds the key of {other}, whose rotation has begun: `rotate {other} --resume`"
            )));
        }
        ready(&journal.provider).map_err(no)?;
        journal.assisted = terms.assisted;
        journal.hook = terms.hook.clone();
        journal.grace = terms.grace.map(|it| it.as_secs());
        journal.lifetime = terms.lifetime.map(|it| it.as_secs());
        journal.since = workspace.lock().and_then(|lock| {
            let listed = lock.listed.iter().find(|it| journal.names.contains(&it.variable))?;
            Some(listed.since.clone())
        });
        journal.save()?;
        Ok(Rotation { workspace, stores, journal, known: None, _lock: lock })
    }

    /// Takes up one that was begun.
    pub fn take_up(workspace: &'w Workspace, stores: &'w Stores, name: &str) -> Result<Rotation<'w>, RotationError> {
        let (lock, known) = locked(workspace.root(), &variables_of(name))?;
        let journal = known.filter(|it| !it.step.is_last()).ok_or_else(|| {
            no(format!("no rotation of {name} has begun here: `aikeys-lsp rotate --status` lists them"))
        })?;
        Ok(Rotation { workspace, stores, journal, known: None, _lock: lock })
    }

    /// What is known of it.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes it off the disk; nothing else is touched.
    pub fn forget(self) -> Result<(), RotationError> {
        self.journal.forget()
    }

    /// Goes on as far as it can.
    pub fn go(&mut self, hands: &mut Hands<'_>) -> Result<Outcome, RotationError> {
        loop {
            match self.journal.step {
                Step::Begun => self.create(hands)?,
                Step::Created => self.verify(hands)?,
                Step::Verified => self.write(hands)?,
                Step::Written => self.switch(hands)?,
                Step::Switched => match self.finish(hands)? {
                    Outcome::Ended => {}
                    other => return Ok(other),
                },
                Step::Ended => return Ok(Outcome::Ended),
                Step::GivenUp => return Ok(Outcome::GivenUp),
            }
        }
    }

    fn create(&mut self, hands: &mut Hands<'_>) -> Result<(), RotationError> {
        let old = self.values()?.0;
        let mut made = None;
        if let Some(account) = hands.account.filter(|it| it.abilities().create && !self.journal.assisted) {
            let keys = account.keys()?;
            // The answer to an earlier try was lost: nobody has that key's value.
            self.take_away(account, &keys, hands)?;
            let known = the_one(&keys, &old[0]).map_err(no)?;
            if let (None, Some(known)) = (&self.journal.before, known) {
                let same = keys.iter().filter(|it| (&it.owner, &it.scope) == (&known.owner, &known.scope));
                self.journal.before = Some(same.map(|it| mark(&it.id)).collect());
                self.journal.old_key = Some(Mark::from(known));
                self.journal.save()?;
            }
            match known {
                None => hands_say(
                    hands.say,
                    self,
                    "assisted",
                    "the account does not show the old key: it was ended, or belongs to somebody else; make the new one by hand",
                ),
                Some(known) => made = self.order(account, known, hands)?,
            }
        } else if let Some(account) = hands.account {
            // Who cannot make keys may still say when one was used, and switch it off; or may not even that.
            if let Ok(keys) = account.keys() {
                self.journal.old_key = the_one(&keys, &old[0]).map_err(no)?.map(Mark::from);
            }
        }
        let values = match made {
            Some((key, values)) => {
                self.journal.new_key = Some(key);
                values
            }
            None => {
                self.journal.assisted = true;
                let values = (hands.typed)(&self.journal.variables).map_err(no)?;
                self.check_typed(&old, &values)?;
                values
            }
        };
        self.journal.seal(&old, &values)?;
        self.known = Some((old, values));
        let what = match &self.journal.new_key {
            Some(key) => format!("{} as {}", key.shown, key.name),
            None => "by hand".to_owned(),
        };
        self.done(hands, Step::Created, "created", &what)
    }

    /// Lets the account make a key; none where it says that it cannot.
    fn order(
        &mut self,
        account: &dyn Account,
        like: &RemoteKey,
        hands: &mut Hands<'_>,
    ) -> Result<Option<(Mark, Vec<Secret>)>, RotationError> {
        let lifetime = self.journal.lifetime.map(Duration::from_secs);
        let order = Order { name: self.journal.new_name(), lifetime };
        match account.create(like, &order) {
            Ok(new) if new.values.len() == self.journal.variables.len() => Ok(Some((Mark::from(&new.key), new.values))),
            Ok(new) => {
                account.remove(&new.key)?;
                Err(no(format!("{} made another kind of key, which was removed again", account.provider())))
            }
            Err(AccountError::Refused(why)) => {
                hands_say(hands.say, self, "assisted", &format!("{why}: make the new key by hand"));
                Ok(None)
            }
            Err(AccountError::Gone(why)) => Err(no(why)),
            Err(AccountError::Busy(why)) => Err(no(format!("{why}: nothing is changed, try again with `--resume`"))),
            Err(AccountError::Lost(why)) => {
                // It may have been made all the same.
                let name = &order.name;
                let again =
                    format!("`--resume` looks for a key named {name} that was made all the same, and takes it away");
                let keys = account.keys().map_err(|_| no(format!("{why}: {again}")))?;
                self.take_away(account, &keys, hands).map_err(|error| no(format!("{error}: {again}")))?;
                Err(no(format!("{why}: nothing is changed, try again with `--resume`")))
            }
        }
    }

    /// What was typed is a key, and another one.
    fn check_typed(&self, old: &[Secret], new: &[Secret]) -> Result<(), RotationError> {
        let catalogue = self.workspace.catalogue();
        let shapes = |value: &str| {
            let provider = catalogue.provider(&self.journal.provider);
            let distinctive =
                provider.into_iter().flat_map(|it| &it.keys).filter(|it| it.format == Format::Distinctive);
            distinctive.filter(|it| it.is_whole(value)).count()
        };
        for ((variable, old), new) in self.journal.variables.iter().zip(old).zip(new) {
            if old == new {
                return Err(no(format!("this is the old value of {variable}: make a new key first")));
            }
            if shapes(old.expose()) > 0 && shapes(new.expose()) == 0 {
                return Err(no(format!(
                    "what was typed for {variable} is no key of this provider: nothing is changed"
                )));
            }
            if crate::secrets::fingerprint(new.expose()).is_none() {
                return Err(no(format!("what was typed for {variable} is too short to be a key: nothing is changed")));
            }
        }
        Ok(())
    }

    fn verify(&mut self, hands: &mut Hands<'_>) -> Result<(), RotationError> {
        let (old, new) = self.values()?;
        match settled(&Life::Dead, &|| (hands.life)(&new), hands.pause) {
            Some(Life::Live) => self.done(hands, Step::Verified, "verified", "its provider takes it"),
            None => {
                let unknown = "no harmless request tells whether its provider takes it: watch the program";
                self.done(hands, Step::Verified, "unverified", unknown)
            }
            Some(Life::Unknown(why)) => {
                Err(no(format!("nobody knows whether the new key works ({why}): go on with `--resume`")))
            }
            Some(Life::Dead) => {
                self.take_back(hands, &old, &new)?;
                Err(no("its provider does not take the new key: it was taken back, and the old one stays in use"))
            }
        }
    }

    fn write(&mut self, hands: &mut Hands<'_>) -> Result<(), RotationError> {
        let (old, new) = self.values()?;
        let written = exchange(self.workspace, self.stores, &self.journal.places, &old, &new);
        if let Err(RotationError::Conflict(why)) = written {
            self.take_back(hands, &old, &new)?;
            return Err(RotationError::Conflict(format!("{why}; the new key was taken back, and nothing was lost")));
        }
        written?;
        self.all_new(&new)?;
        let places: Vec<String> = self.journal.places.iter().map(|(_, it)| it.shown()).collect();
        self.journal.unseal_new();
        self.done(hands, Step::Written, "written", &format!("{}, and read back", places.join(", ")))
    }

    /// Every place holds the new values.
    pub(super) fn all_new(&self, new: &[Secret]) -> Result<(), RotationError> {
        let at = values_at(self.workspace, self.stores, &self.journal.places)?;
        for ((index, place), value) in self.journal.places.iter().zip(at) {
            if value.as_ref() != Some(&new[*index]) {
                let name = self.journal.name();
                return Err(RotationError::Conflict(format!(
                    "{} does not hold the new key any more: somebody changed it; put it back, or run `aikeys-lsp rotate \
                     {name} --abort`",
                    place.shown()
                )));
            }
        }
        Ok(())
    }

    fn switch(&mut self, hands: &mut Hands<'_>) -> Result<(), RotationError> {
        let new = self.values()?.1;
        self.all_new(&new)?;
        if let Some(command) = self.journal.hook.clone() {
            let shown = without_keys(&command).into_owned();
            (hands.hook)(&command).map_err(|why| {
                no(format!("`{shown}` failed ({why}): both keys work; mend it, then go on with `--resume`"))
            })?;
            hands_say(hands.say, self, "hook", &shown);
        }
        // What the account says of the old key is told by its clock.
        let known = match hands.account {
            Some(account) if self.journal.old_key.is_some() => self.old_key(account)?.map(|it| (account, it)),
            _ => None,
        };
        let tells = known.as_ref().is_some_and(|(account, key)| account.tells_last_use(key));
        let grace = if tells { GRACE_WHEN_TOLD } else { GRACE };
        self.journal.grace.get_or_insert(grace.as_secs());
        self.journal.skew = hands.account.map_or(0, Account::skew);
        self.journal.switched = Some(now());
        self.list_as_new()?;
        self.audit(Happened::Rotated, &new);
        self.done(hands, Step::Switched, "switched", "the new key is in use from now on")
    }

    /// The old key as the account has it by now.
    pub(super) fn old_key(&self, account: &dyn Account) -> Result<Option<RemoteKey>, RotationError> {
        let is_old = |it: &RemoteKey| self.journal.old_key.as_ref().is_some_and(|old| old.id == mark(&it.id));
        Ok(account.keys()?.into_iter().find(is_old))
    }

    /// The old and the new values, wherever they stand by now.
    pub(super) fn values(&mut self) -> Result<(Vec<Secret>, Vec<Secret>), RotationError> {
        if self.known.is_none() {
            let at = values_at(self.workspace, self.stores, &self.journal.places)?;
            self.known = Some(self.journal.values(&at)?);
        }
        Ok(self.known.clone().unwrap_or_default())
    }

    /// ` at https://…`, where keys are made and revoked.
    pub(super) fn page(&self) -> String {
        page_of(&self.journal.provider)
    }

    /// A step is done: written down, then said.
    pub(super) fn done(
        &mut self,
        hands: &mut Hands<'_>,
        to: Step,
        what: &str,
        text: &str,
    ) -> Result<(), RotationError> {
        self.journal.step = to;
        self.journal.note(what, text);
        self.journal.save()?;
        (hands.say)(what, &without_keys(text));
        Ok(())
    }

    pub(super) fn audit(&self, what: Happened, values: &[Secret]) {
        let store = self.journal.places.iter().find_map(|(_, place)| match place {
            super::Place::Store(reference) => {
                Some(store_id(reference.strip_prefix("ref+")?.split(':').next()?).to_owned())
            }
            super::Place::Line(..) => None,
        });
        let store = store.unwrap_or_else(|| "env".to_owned());
        let line = |(name, value): (&String, &Secret)| Line::now(what, self.workspace.name(), name, &store).of(value);
        audit::note(&self.journal.variables.iter().zip(values).map(line).collect::<Vec<_>>());
    }
}

/// ` at https://…`, where the keys of a provider are made and revoked; empty where nobody knows.
pub fn page_of(provider: &str) -> String {
    let page = Catalogue::built_in().provider(provider).and_then(|it| it.page());
    page.map(|it| format!(" at {it}")).unwrap_or_default()
}

/// Asks whether a key is alive, again after a while where the answer may be the one of before a change.
pub(super) fn settled(before: &Life, life: &dyn Fn() -> Option<Life>, pause: &dyn Fn(Duration)) -> Option<Life> {
    let mut answers = PAUSES.into_iter().map(|it| {
        pause(Duration::from_secs(it));
        life()
    });
    answers.find(|it| it.as_ref() != Some(before)).unwrap_or_else(|| Some(before.clone()))
}

/// Notes and says what is no step of its own. What cannot be written down is said all the same.
pub(super) fn hands_say(say: &mut dyn FnMut(&str, &str), rotation: &mut Rotation<'_>, what: &str, text: &str) {
    rotation.journal.note(what, text);
    let _ = rotation.journal.save();
    say(what, &without_keys(text));
}

/// The key among all that has this value; none where there is none, and an error where two could be it.
pub(super) fn the_one<'k>(keys: &'k [RemoteKey], value: &Secret) -> Result<Option<&'k RemoteKey>, String> {
    let mut found = keys.iter().filter(|it| it.active && it.can_be(value.expose()));
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(second) => Err(format!(
            "the account shows two keys that could be this one ({} and {}): remove the one that is not in use, or add \
             `--assisted`",
            first.map_or("", |it| &it.id),
            second.id
        )),
    }
}
