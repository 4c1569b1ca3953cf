//! The account of a provider that is data: [`Interface`].

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::asking::Asker;
use super::interface::{Create, Fields, Interface, Page, Usage};
use super::template::{Filling, filled, filled_body};
use super::{Abilities, Account, AccountError, KeyUse, NewKey, Order, RemoteKey};
use crate::secrets::{Secret, redact};
use crate::verify::{Caller, Question, host_of};

/// More pages than any account has: a provider that turns in circles.
const PAGES: usize = 500;

/// An account behind an interface of the catalogue.
pub(super) struct Http {
    provider: &'static str,
    interface: &'static Interface,
    host: String,
    admin: Secret,
    asker: Asker,
}

impl Http {
    pub fn open(
        provider: &'static str,
        interface: &'static Interface,
        admin: Secret,
        caller: Caller,
    ) -> Result<Http, String> {
        let host = host_of(&interface.base).ok_or_else(|| format!("{}: no address", interface.base))?;
        let asker = Asker::new(caller, vec![admin.clone()])?;
        Ok(Http { provider, interface, host, admin, asker })
    }

    fn question(
        &self,
        ask: &str,
        filling: &Filling<'_>,
        more: &BTreeMap<String, String>,
    ) -> Result<Question, AccountError> {
        let unfit = |what: &str| AccountError::Refused(format!("the request to {} cannot be made: {what}", self.host));
        let (method, path) = ask.split_once(' ').ok_or_else(|| unfit("no method"))?;
        let method = ["GET", "POST", "PATCH", "PUT", "DELETE"].into_iter().find(|it| *it == method);
        let path = filled(path, filling).map_err(|place| unfit(&format!("it has no {place}")))?;
        let headers = self.interface.headers.iter().chain(more);
        let header = |(name, value): (&String, &String)| {
            (name.clone(), Secret::new(value.replace("{admin}", self.admin.expose())))
        };
        Ok(Question {
            method: method.ok_or_else(|| unfit("no method"))?,
            host: self.host.clone(),
            url: Secret::new(format!("{}{path}", self.interface.base)),
            headers: headers.map(header).collect(),
            body: None,
        })
    }

    async fn asked(&self, ask: &str, body: Option<&Value>, filling: &Filling<'_>) -> Result<Value, AccountError> {
        let mut question = self.question(ask, filling, &BTreeMap::new())?;
        if let Some(body) = body.and_then(|body| filled_body(body, filling)) {
            question.headers.push(("content-type".to_owned(), Secret::new("application/json")));
            question.body = Some(Secret::new(body.to_string()));
        }
        let answer = self.asker.ask(&question, question.method == "GET").await?;
        if answer.trim().is_empty() { Ok(Value::Null) } else { self.read(&answer) }
    }

    fn read(&self, answer: &str) -> Result<Value, AccountError> {
        serde_json::from_str(answer).map_err(|_| self.unclear())
    }

    fn unclear(&self) -> AccountError {
        AccountError::Lost(format!("the answer of {} cannot be understood", self.host))
    }

    /// All items of all pages.
    async fn pages(
        &self,
        ask: &str,
        (items, page): (&str, Option<&Page>),
        filling: &Filling<'_>,
        headers: &BTreeMap<String, String>,
    ) -> Result<Vec<Value>, AccountError> {
        let first = self.question(ask, filling, headers)?;
        let (mut all, mut next) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let mut question = Question { url: first.url.clone(), ..self.question(ask, filling, headers)? };
            if let (Some(page), Some(value)) = (page, &next) {
                let url = first.url.expose();
                let and = if url.contains('?') { '&' } else { '?' };
                question.url = Secret::new(format!("{url}{and}{}={}", page.name, crate::verify::percent(value)));
            }
            let answer = self.read(&self.asker.ask(&question, true).await?)?;
            let found = answer.pointer(items).and_then(Value::as_array).ok_or_else(|| self.unclear())?;
            let empty = found.is_empty();
            all.extend(found.iter().cloned());
            let Some(page) = page else { return Ok(all) };
            let more = page.more.as_deref().is_none_or(|at| answer.pointer(at) != Some(&Value::Bool(false)));
            let after = match &page.from {
                Some(at) => answer.pointer(at).and_then(text),
                None => (!empty).then(|| all.len().to_string()),
            };
            if !more || after.is_none() {
                return Ok(all);
            }
            if after == next {
                break;
            }
            next = after;
        }
        Err(AccountError::Lost(format!("{} names page after page, and no last one", self.host)))
    }

    async fn scopes(&self) -> Result<Vec<Option<String>>, AccountError> {
        let Some(scopes) = &self.interface.scopes else { return Ok(vec![None]) };
        let list = (scopes.items.as_str(), scopes.page.as_ref());
        let found = self.pages(&scopes.ask, list, &Filling::default(), &BTreeMap::new()).await?;
        let id = |item: &Value| item.pointer(&scopes.id).and_then(text).ok_or_else(|| self.unclear());
        found.iter().map(|item| id(item).map(Some)).collect()
    }

    async fn items_of(&self, scope: Option<&str>) -> Result<Vec<Value>, AccountError> {
        let keys = &self.interface.keys;
        let filling = Filling { scope, ..Filling::default() };
        self.pages(&keys.ask, (&keys.items, keys.page.as_ref()), &filling, &BTreeMap::new()).await
    }

    async fn keys_of(&self, scope: Option<String>) -> Result<Vec<RemoteKey>, AccountError> {
        let found = self.items_of(scope.as_deref()).await?;
        let key = |item: &Value| {
            let mut key = self.key(item).ok_or_else(|| self.unclear())?;
            key.scope = key.scope.or_else(|| scope.clone());
            Ok(key)
        };
        found.iter().map(key).collect()
    }

    /// A key as the provider shows it.
    fn key(&self, item: &Value) -> Option<RemoteKey> {
        let keys = &self.interface.keys;
        let Fields { id, name, redacted, scope, owner, created, expires } = &keys.fields;
        let at = |place: &Option<String>| item.pointer(place.as_ref()?);
        let expires = at(expires).and_then(moment);
        let is = |(place, value): (&String, &Value)| item.pointer(place).is_none_or(|it| it == value);
        Some(RemoteKey {
            id: item.pointer(id).and_then(text)?,
            scope: at(scope).and_then(text),
            owner: at(owner).and_then(text),
            name: item.pointer(name).and_then(text).unwrap_or_default(),
            redacted: item.pointer(redacted).and_then(text).unwrap_or_default(),
            created: at(created).and_then(moment),
            expires,
            last_used: at(&keys.last_used).and_then(moment),
            active: keys.active.iter().all(is) && expires.is_none_or(|it| it > Timestamp::now()),
        })
    }

    /// An old key with all that the provider says of it.
    async fn item(&self, key: &RemoteKey) -> Result<Value, AccountError> {
        let id = |item: &Value| item.pointer(&self.interface.keys.fields.id).and_then(text);
        let found = self.items_of(key.scope.as_deref()).await?.into_iter().find(|it| id(it).as_ref() == Some(&key.id));
        found.ok_or_else(|| AccountError::Gone(format!("{} has no key {} any more", self.host, key.id)))
    }

    async fn made(&self, create: &Create, like: &RemoteKey, order: &Order) -> Result<NewKey, AccountError> {
        let mut filling = Filling::of(like);
        let old;
        if create.body.to_string().contains("{like") {
            old = self.item(like).await?;
            filling.like = Some(&old);
        }
        filling.name = Some(&order.name);
        filling.lifetime = order.lifetime;
        let answer = self.asked(&create.ask, Some(&create.body), &filling).await?;
        let value = answer.pointer(&create.value).and_then(Value::as_str).ok_or_else(|| self.unclear())?;
        let item = answer.pointer(&create.item).ok_or_else(|| self.unclear())?;
        let mut key = self.key(item).ok_or_else(|| self.unclear())?;
        key.scope = key.scope.or_else(|| like.scope.clone());
        key.owner = key.owner.or_else(|| like.owner.clone());
        if key.redacted.is_empty() {
            key.redacted = shown(value);
        }
        Ok(NewKey { key, values: vec![Secret::new(value)] })
    }

    async fn uses(
        &self,
        usage: &Usage,
        since: Timestamp,
        key: Option<&RemoteKey>,
    ) -> Result<Vec<KeyUse>, AccountError> {
        let (mut all, now, mut start) = (Vec::new(), Timestamp::now(), since);
        loop {
            let end = usage.window.and_then(|days| start.checked_add((days * 24).hours()).ok()).filter(|it| *it < now);
            let mut filling = key.map(Filling::of).unwrap_or_default();
            (filling.since, filling.until) = (Some(start), Some(end.unwrap_or(now)));
            let list = (usage.items.as_str(), usage.page.as_ref());
            for item in self.pages(&usage.ask, list, &filling, &usage.headers).await? {
                let one = std::slice::from_ref(&item);
                let rows =
                    usage.inner.as_deref().map_or(Some(one), |at| Some(item.pointer(at)?.as_array()?.as_slice()));
                for row in rows.ok_or_else(|| self.unclear())? {
                    all.extend(self.row(usage, row, &item, key)?.filter(|it| it.day >= since));
                }
            }
            match end {
                Some(end) => start = end,
                None => return Ok(all),
            }
        }
    }

    /// One row; none where it is nobody's.
    fn row(
        &self,
        usage: &Usage,
        row: &Value,
        item: &Value,
        key: Option<&RemoteKey>,
    ) -> Result<Option<KeyUse>, AccountError> {
        let at = |place: &str| row.pointer(place).or_else(|| item.pointer(place));
        let counts = usage.only.iter().all(|(place, value)| at(place) == Some(value));
        let named = usage.key.as_deref().map_or(key.map(|it| it.id.clone()), |place| at(place).and_then(text));
        let Some(named) = named.filter(|_| counts) else { return Ok(None) };
        let day = at(&usage.day).and_then(moment).ok_or_else(|| self.unclear())?;
        let requests = usage.requests.as_deref().and_then(at).and_then(Value::as_u64);
        let cost = usage.cost.as_deref().and_then(at).and_then(number);
        let cost = cost.map(|it| it * usage.cost_unit.unwrap_or(1.0));
        Ok(Some(KeyUse { key: named, day, requests, cost }))
    }

    fn changed(&self, ask: Option<&super::interface::Ask>, key: &RemoteKey, what: &str) -> Result<(), AccountError> {
        let cannot = || AccountError::Refused(format!("{} cannot {what} a key by its interface", self.provider));
        let ask = ask.ok_or_else(cannot)?;
        let filling = Filling::of(key);
        self.asker.wait(&self.host, self.asked(&ask.ask, ask.body.as_ref(), &filling)).map(|_| ())
    }
}

impl Account for Http {
    fn provider(&self) -> &str {
        self.provider
    }

    fn abilities(&self) -> Abilities {
        self.interface.abilities()
    }

    fn keys(&self) -> Result<Vec<RemoteKey>, AccountError> {
        self.asker.wait(&self.host, async {
            let scopes = self.scopes().await?;
            Ok(self.asker.each(scopes.into_iter().map(|it| self.keys_of(it))).await?.into_iter().flatten().collect())
        })
    }

    fn create(&self, like: &RemoteKey, order: &Order) -> Result<NewKey, AccountError> {
        let cannot = || AccountError::Refused(format!("{} makes no keys by its interface", self.provider));
        let create = self.interface.create.as_ref().ok_or_else(cannot)?;
        if let (Some(why), None) = (&create.without_owner, &like.owner) {
            return Err(AccountError::Refused(why.clone()));
        }
        self.asker.wait(&self.host, self.made(create, like, order))
    }

    fn disable(&self, key: &RemoteKey) -> Result<(), AccountError> {
        self.changed(self.interface.disable.as_ref(), key, "switch off")
    }

    fn enable(&self, key: &RemoteKey) -> Result<(), AccountError> {
        self.changed(self.interface.enable.as_ref(), key, "switch on")
    }

    fn remove(&self, key: &RemoteKey) -> Result<(), AccountError> {
        self.changed(self.interface.remove.as_ref(), key, "end")
    }

    fn usage(&self, since: Timestamp) -> Result<Vec<KeyUse>, AccountError> {
        let since = Timestamp::from_second(since.as_second().div_euclid(DAY) * DAY).unwrap_or(since);
        let mut keys = if self.interface.usage.iter().any(|it| it.each) { self.keys()? } else { Vec::new() };
        keys.retain(|it| it.last_used.is_some_and(|it| it >= since) || self.interface.keys.last_used.is_none());
        self.asker.wait(&self.host, async {
            let questions = self.interface.usage.iter().flat_map(|usage| {
                let each = keys.iter().filter(|_| usage.each).map(Some);
                each.chain((!usage.each).then_some(None)).map(move |key| (usage, key))
            });
            let found = self.asker.each(questions.map(|(usage, key)| self.uses(usage, since, key))).await?;
            Ok(summed(found.into_iter().flatten()))
        })
    }

    fn skew(&self) -> i64 {
        self.asker.skew()
    }
}

const DAY: i64 = 86_400;

/// Each key and day once.
fn summed(all: impl Iterator<Item = KeyUse>) -> Vec<KeyUse> {
    let mut sums: BTreeMap<(String, Timestamp), KeyUse> = BTreeMap::new();
    for one in all {
        let sum = sums.entry((one.key.clone(), one.day)).or_insert_with(|| KeyUse {
            requests: None,
            cost: None,
            ..one.clone()
        });
        sum.requests = sum.requests.map_or(one.requests, |it| Some(it + one.requests.unwrap_or(0)));
        sum.cost = sum.cost.map_or(one.cost, |it| Some(it + one.cost.unwrap_or(0.0)));
    }
    sums.into_values().collect()
}

/// What providers show of a new key where its own answer does not.
fn shown(value: &str) -> String {
    let shape = crate::secrets::scan(crate::secrets::Catalogue::built_in(), value.as_bytes());
    redact(value, shape.first().map(|it| crate::secrets::Catalogue::built_in().shape(it.shape).1))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|it| !it.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|it: &f64| it.is_finite())
}

/// Seconds since 1970, or RFC 3339; a date alone is its begin.
fn moment(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = value.as_i64() {
        return Timestamp::from_second(seconds).ok();
    }
    let text = value.as_str()?;
    let date = || text.get(..10)?.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| date().map(|it| it.timestamp()))
}
