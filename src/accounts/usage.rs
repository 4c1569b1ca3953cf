//! Which key of an account is which of a workspace, how each was used, and what is odd about that. Pure.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use super::{KeyUse, RemoteKey};
use crate::secrets::Secret;

/// A key or a reference of a workspace.
pub struct Held {
    /// The same for the same key everywhere.
    pub fingerprint: String,
    /// What may be shown of it.
    pub shown: String,
    /// The variables that hold it.
    pub variables: Vec<String>,
    /// Its value; none where it could not be read.
    pub value: Option<Secret>,
    /// Since when it may not be used any more, `YYYY-MM-DD`.
    pub burned: Option<String>,
}

/// What an account says.
pub struct Told {
    /// Its keys, each with whether it is said when that was last used.
    pub keys: Vec<(RemoteKey, bool)>,
    /// What they were used for, by days; none where nobody says.
    pub uses: Option<Vec<KeyUse>>,
    /// The keys that a rotation replaced, by their ids, and when programs had the new ones by the account's clock.
    pub replaced: BTreeMap<String, Timestamp>,
}

/// What is odd about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Something uses it after it was replaced.
    UsedAfterRotation,
    /// It works, and nothing here holds it.
    LiveButUnreferenced,
    /// It works, and nobody used it for long.
    Unused,
    /// It cost far more than on its usual days.
    SpendAboveMedian,
}

/// Which key of the account it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// This one, and no other.
    One(RemoteKey),
    /// The account shows too little of its keys: it can be each of these.
    Several(Vec<String>),
    /// None of them.
    None,
    /// Its value is not known.
    NoValue,
}

/// A key of the workspace with what the account says, or one of the account that nothing here holds.
pub struct Line {
    /// Its index among those that the workspace holds.
    pub held: Option<usize>,
    /// The key of the account.
    pub matched: Matched,
    /// When it was last used, as far as anybody says.
    pub last_used: Option<Timestamp>,
    /// In the time that was asked for.
    pub requests: Option<u64>,
    /// In US dollars.
    pub cost: Option<f64>,
    /// What is odd, in words.
    pub findings: Vec<(Finding, String)>,
}

/// A key that nobody used for so many days is not needed.
const LONG: i64 = 90;
/// A day that costs so many times as much as the median day.
const FAR: f64 = 10.0;
/// With fewer other days that cost something there is no usual day.
const DAYS: usize = 5;
/// Less than that is no money, in dollars a day.
const LITTLE: f64 = 1.0;

impl Finding {
    /// All of them.
    pub const ALL: [Finding; 4] =
        [Finding::UsedAfterRotation, Finding::LiveButUnreferenced, Finding::Unused, Finding::SpendAboveMedian];

    /// For programs.
    pub fn id(self) -> &'static str {
        match self {
            Finding::UsedAfterRotation => "used-after-rotation",
            Finding::LiveButUnreferenced => "live-but-unreferenced",
            Finding::Unused => "unused-90-days",
            Finding::SpendAboveMedian => "spend-above-median",
        }
    }
}

impl Told {
    /// How far back uses have to be known for what is said of the time since `since`.
    pub fn wanted(since: Timestamp, now: Timestamp, tells_last_use: bool) -> Timestamp {
        let days = if tells_last_use { 30 } else { LONG };
        since.min(before(now, days))
    }

    /// Brings together what is held and what is told: a line for each key that is held, then those that nothing holds.
    pub fn lines(&self, held: &[Held], since: Timestamp, now: Timestamp) -> Vec<Line> {
        let candidates: Vec<Vec<usize>> = held.iter().map(|it| self.candidates(it)).collect();
        let contested = |at: usize| candidates.iter().filter(|it| it.contains(&at)).count() > 1;
        let matched = held.iter().zip(&candidates).map(|(it, found)| match found[..] {
            _ if it.value.is_none() => Matched::NoValue,
            [] => Matched::None,
            [one] if !contested(one) => Matched::One(self.keys[one].0.clone()),
            _ => Matched::Several(found.iter().map(|at| self.keys[*at].0.id.clone()).collect()),
        });
        let mut lines: Vec<Line> =
            matched.enumerate().map(|(at, it)| self.line(Some(&held[at]), Some(at), it, since, now)).collect();
        // What nobody could read may be any of them.
        if held.iter().all(|it| it.value.is_some()) {
            lines.extend(self.strays(&lines, &candidates).into_iter().map(|it| {
                let is_replaced = self.replaced.contains_key(&it.id);
                let mut line = self.line(None, None, Matched::One(it), since, now);
                if !is_replaced {
                    let what = "it works, and no env file, no source and no reference here holds it".to_owned();
                    line.findings.push((Finding::LiveButUnreferenced, what));
                    line.findings.sort_by_key(|(finding, _)| *finding);
                }
                line
            }));
        }
        lines
    }

    fn candidates(&self, held: &Held) -> Vec<usize> {
        let Some(value) = &held.value else { return Vec::new() };
        (0..self.keys.len()).filter(|at| self.keys[*at].0.can_be(value.expose())).collect()
    }

    /// Active keys of the same holders as the keys of the workspace, that it does not hold: the same service account, or,
    /// where nobody holds keys, the same project. Keys of others are no concern of this workspace.
    fn strays(&self, lines: &[Line], candidates: &[Vec<usize>]) -> Vec<RemoteKey> {
        let holder = |it: &RemoteKey| (it.scope.clone(), it.owner.clone());
        let known: Vec<_> = lines
            .iter()
            .filter_map(|it| match &it.matched {
                Matched::One(key) => Some(holder(key)),
                _ => None,
            })
            .filter(|it| it.0.is_some() || it.1.is_some())
            .collect();
        let keys = self.keys.iter().enumerate().filter(|(at, _)| !candidates.iter().any(|it| it.contains(at)));
        let counts = |it: &&RemoteKey| known.contains(&holder(it)) || self.replaced.contains_key(&it.id);
        keys.map(|(_, (key, _))| key).filter(|it| it.active).filter(counts).cloned().collect()
    }

    fn line(&self, held: Option<&Held>, at: Option<usize>, matched: Matched, since: Timestamp, now: Timestamp) -> Line {
        let mut line = Line { held: at, matched, last_used: None, requests: None, cost: None, findings: Vec::new() };
        let Matched::One(key) = &line.matched else { return line };
        let uses: Vec<&KeyUse> = self.uses.iter().flatten().filter(|it| it.key == key.id).collect();
        let is_use = |it: &&&KeyUse| it.requests.unwrap_or(0) > 0 || it.cost.unwrap_or(0.0) > 0.0;
        let day = uses.iter().filter(is_use).map(|it| it.day).max();
        line.last_used = key.last_used.max(day);
        let first = before(since, 1);
        let asked = || uses.iter().filter(|it| it.day > first);
        // Of a key without a day nothing was used.
        let none = || self.uses.as_ref().map(|_| 0).filter(|_| asked().next().is_none());
        line.requests = asked().filter_map(|it| it.requests).reduce(|a, b| a + b).or(none());
        line.cost = asked().filter_map(|it| it.cost).reduce(|a, b| a + b).or(none().map(|_| 0.0));
        let tells = self.keys.iter().any(|(it, tells)| it.id == key.id && *tells);
        let mut findings = Vec::new();
        if let (Some(at), Some(used)) = (self.replaced.get(&key.id), key.last_used)
            && used > *at
        {
            let what = format!("it was replaced at {} and used at {} all the same", second(*at), second(used));
            findings.push((Finding::UsedAfterRotation, what));
        } else if let (Some(burned), Some(used)) = (held.and_then(|it| it.burned.as_deref()), line.last_used)
            && date(used).as_str() > burned
        {
            let what = format!("it was replaced on {burned} and used on {} all the same", date(used));
            findings.push((Finding::UsedAfterRotation, what));
        }
        if let Some(what) = unused(key, line.last_used, tells, now) {
            findings.push((Finding::Unused, what));
        }
        if let Some(what) = dear(&uses, first) {
            findings.push((Finding::SpendAboveMedian, what));
        }
        line.findings = findings;
        line
    }
}

fn unused(key: &RemoteKey, used: Option<Timestamp>, tells: bool, now: Timestamp) -> Option<String> {
    let long_ago = before(now, LONG);
    match used {
        _ if !key.active => None,
        Some(used) => (used < long_ago).then(|| format!("it was last used on {}", date(used))),
        // Where nobody says when keys are used, only the account's days do, and these go back so far.
        None => key.created.filter(|it| tells && *it < long_ago).map(|made| {
            let made = date(made);
            format!("it was made on {made} and not used since")
        }),
    }
}

/// The dearest day that costs far more than the others.
fn dear(uses: &[&KeyUse], first: Timestamp) -> Option<String> {
    let mut days: BTreeMap<Timestamp, f64> = BTreeMap::new();
    for one in uses {
        *days.entry(one.day).or_default() += one.cost.unwrap_or(0.0);
    }
    days.retain(|_, cost| *cost > 0.0);
    let (day, cost) = days.iter().filter(|(day, _)| **day > first).max_by(|a, b| a.1.total_cmp(b.1))?;
    let mut others: Vec<f64> = days.iter().filter(|(it, _)| *it != day).map(|(_, cost)| *cost).collect();
    others.sort_by(f64::total_cmp);
    if others.len() < DAYS {
        return None;
    }
    let middle = others.len() / 2;
    let median = f64::midpoint(others[middle - usize::from(others.len().is_multiple_of(2))], others[middle]);
    let far = *cost > LITTLE && *cost > FAR * median;
    far.then(|| format!("{} cost {}, and the median day {}", date(*day), dollars(*cost), dollars(median)))
}

fn before(at: Timestamp, days: i64) -> Timestamp {
    at.checked_sub((days * 24).hours()).unwrap_or(Timestamp::MIN)
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// `$1.50`; what is less than a cent has more digits.
pub fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.01 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + day * 86_400).expect("a time")
    }

    fn key(id: &str, redacted: &str) -> RemoteKey {
        RemoteKey {
            id: id.into(),
            scope: Some("p".into()),
            owner: Some("s".into()),
            name: id.into(),
            redacted: redacted.into(),
            created: Some(at(-200)),
            expires: None,
            last_used: Some(at(-1)),
            active: true,
        }
    }

    fn held(value: &str) -> Held {
        let value = (!value.is_empty()).then(|| Secret::new(value));
        Held { fingerprint: String::new(), shown: String::new(), variables: Vec::new(), value, burned: None }
    }

    fn told(keys: Vec<RemoteKey>) -> Told {
        Told { keys: keys.into_iter().map(|it| (it, true)).collect(), uses: None, replaced: BTreeMap::new() }
    }

    fn found(lines: &[Line]) -> Vec<&'static str> {
        lines.iter().flat_map(|it| &it.findings).map(|(it, _)| it.id()).collect()
    }

    #[test]
    fn a_replaced_key_is_no_stray_and_its_use_is_told() {
        let findings = |used: i64| {
            let old = RemoteKey { last_used: Some(at(used)), ..key("a", "ab-****aaaa") };
            let told = Told { replaced: BTreeMap::from([("a".to_owned(), at(20))]), ..told(vec![old]) };
            let lines = told.lines(&[], at(1), at(29));
            assert_eq!(lines.len(), 1, "it is shown as long as it works");
            lines[0].findings.iter().map(|it| it.0).collect::<Vec<_>>()
        };
        assert_eq!(findings(19), []);
        assert_eq!(findings(21), [Finding::UsedAfterRotation]);
    }

    #[test]
    fn what_can_be_several_is_not_guessed() {
        let told = told(vec![key("a", "ab-****aaaa"), key("b", "ab-****bbbb"), key("c", "ab-****bbbb")]);
        let lines = told.lines(&[held("ab-1aaaa"), held("ab-1bbbb"), held("ab-1cccc"), held("")], at(-7), at(0));
        let several = Matched::Several(vec!["b".into(), "c".into()]);
        assert_eq!(lines[0].matched, Matched::One(told.keys[0].0.clone()));
        assert_eq!(
            lines[1..].iter().map(|it| it.matched.clone()).collect::<Vec<_>>(),
            [several, Matched::None, Matched::NoValue]
        );
        // Two values that look like one key: at most one of them is.
        let lines = told.lines(&[held("ab-1aaaa"), held("ab-2aaaa")], at(-7), at(0));
        assert!(lines[..2].iter().all(|it| it.matched == Matched::Several(vec!["a".into()])));
    }

    #[test]
    fn only_keys_of_the_same_holder_are_strays() {
        let other = RemoteKey { owner: Some("other".into()), ..key("o", "ab-****oooo") };
        let off = RemoteKey { active: false, ..key("f", "ab-****ffff") };
        let keys = || vec![key("a", "ab-****aaaa"), key("b", "ab-****bbbb"), other.clone(), off.clone()];
        let lines = told(keys()).lines(&[held("ab-1aaaa")], at(-7), at(0));
        assert_eq!((lines.len(), found(&lines)), (2, vec!["live-but-unreferenced"]));
        assert_eq!(lines[1].matched, Matched::One(key("b", "ab-****bbbb")));
        // Any of them can be the one that could not be read, or one of several.
        assert_eq!(found(&told(keys()).lines(&[held("ab-1aaaa"), held("")], at(-7), at(0))), Vec::<&str>::new());
        assert_eq!(found(&told(keys()).lines(&[held("none")], at(-7), at(0))), Vec::<&str>::new());
    }

    #[test]
    fn a_key_that_was_replaced_or_forgotten_is_told() {
        let burned = |date: &str| Held { burned: Some(date.into()), ..held("ab-1aaaa") };
        let one = |key: RemoteKey, held: Held, tells: bool| {
            let told = Told { keys: vec![(key, tells)], uses: None, replaced: BTreeMap::new() };
            let lines = told.lines(&[held], at(-7), at(0));
            found(&lines).join(" ")
        };
        let used = date(at(-1));
        assert_eq!(one(key("a", "ab-****aaaa"), burned(&used), true), "", "on the same day it may have been before");
        assert_eq!(one(key("a", "ab-****aaaa"), burned(&date(at(-2))), true), "used-after-rotation");
        let long = RemoteKey { last_used: Some(at(-91)), ..key("a", "ab-****aaaa") };
        assert_eq!(one(long.clone(), held("ab-1aaaa"), true), "unused-90-days");
        assert_eq!(one(RemoteKey { active: false, ..long.clone() }, held("ab-1aaaa"), true), "");
        let never = RemoteKey { last_used: None, ..long };
        assert_eq!(one(never.clone(), held("ab-1aaaa"), true), "unused-90-days");
        assert_eq!(one(never.clone(), held("ab-1aaaa"), false), "", "nobody says when it was used");
        assert_eq!(one(RemoteKey { created: Some(at(-80)), ..never }, held("ab-1aaaa"), true), "");
    }

    #[test]
    fn a_dear_day_is_measured_by_the_other_days() {
        let spent = |costs: &[f64]| {
            let day = |(ago, cost): (usize, &f64)| KeyUse {
                key: "a".into(),
                day: at(-i64::try_from(ago).expect("small")),
                requests: Some(1),
                cost: Some(*cost),
            };
            let told =
                Told { uses: Some(costs.iter().enumerate().map(day).collect()), ..told(vec![key("a", "ab-****aaaa")]) };
            let lines = told.lines(&[held("ab-1aaaa")], at(-3), at(0));
            (found(&lines).join(" "), lines[0].cost)
        };
        assert_eq!(spent(&[31.0, 3.0, 3.0, 2.0, 3.0, 4.0, 0.0]), ("spend-above-median".into(), Some(39.0)));
        assert_eq!(spent(&[29.0, 3.0, 3.0, 2.0, 3.0, 4.0]).0, "");
        assert_eq!(spent(&[31.0, 3.0, 3.0, 0.0, 3.0, 0.0]).0, "", "there are too few days");
        assert_eq!(spent(&[3.0, 3.0, 3.0, 3.0, 3.0, 99.0]).0, "", "that was before the time that was asked for");
        assert_eq!(spent(&[0.5, 0.01, 0.01, 0.01, 0.01, 0.01]).0, "", "half a dollar");
    }
}
