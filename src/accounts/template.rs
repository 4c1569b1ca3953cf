//! Texts and bodies of questions with what stands in their places. Pure.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::RemoteKey;
use crate::verify::percent;

/// What stands in the places of a question.
#[derive(Clone, Copy, Default)]
pub(super) struct Filling<'f> {
    pub scope: Option<&'f str>,
    pub owner: Option<&'f str>,
    pub id: Option<&'f str>,
    pub name: Option<&'f str>,
    pub lifetime: Option<Duration>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub like: Option<&'f Value>,
}

impl<'f> Filling<'f> {
    pub fn of(key: &'f RemoteKey) -> Filling<'f> {
        let (scope, owner) = (key.scope.as_deref(), key.owner.as_deref());
        Filling { scope, owner, id: Some(&key.id), ..Filling::default() }
    }

    fn value(&self, place: &str) -> Option<Value> {
        let seconds = |it: Option<Timestamp>| it.map(|it| it.as_second().into());
        let time = |it: Option<Timestamp>| it.map(|it| it.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
        match place {
            "scope" => self.scope.map(Value::from),
            "owner" => self.owner.map(Value::from),
            "id" => self.id.map(Value::from),
            "name" => self.name.map(Value::from),
            "lifetime" => self.lifetime.map(|it| it.as_secs().into()),
            "ends" => time(self.lifetime.and_then(|it| Timestamp::now().checked_add(it).ok())),
            "since" => seconds(self.since),
            "until" => seconds(self.until),
            "since-time" => time(self.since),
            "until-time" => time(self.until),
            _ => self.like?.pointer(place.strip_prefix("like")?).filter(|it| !it.is_null()).cloned(),
        }
    }
}

/// A path with its places filled; the place that has no value is the error.
pub(super) fn filled<'t>(template: &'t str, filling: &Filling<'_>) -> Result<String, &'t str> {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, behind)) = rest.split_once('{') {
        let (place, after) = behind.split_once('}').ok_or(behind)?;
        out.push_str(before);
        out.push_str(&percent(&plain(&filling.value(place).ok_or(place)?)));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A body with its places filled; what has no value is left out, and what is empty then as well.
pub(super) fn filled_body(body: &Value, filling: &Filling<'_>) -> Option<Value> {
    match body {
        Value::String(text) => match text.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
            Some(place) if !place.contains(['{', '}']) => filling.value(place),
            _ => Some(body.clone()),
        },
        Value::Array(all) => Some(all.iter().filter_map(|it| filled_body(it, filling)).collect()),
        Value::Object(all) => {
            let members = all.iter().filter_map(|(name, it)| Some((name.clone(), filled_body(it, filling)?)));
            Some(members.collect::<Map<_, _>>()).filter(|it| !it.is_empty() || all.is_empty()).map(Value::Object)
        }
        other => Some(other.clone()),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_filled_or_left_out() {
        let old = json!({"limit": 5.5, "reset": null});
        let filling = Filling {
            scope: Some("a/b"),
            name: Some("n"),
            since: Timestamp::from_second(86_400).ok(),
            like: Some(&old),
            ..Filling::default()
        };
        assert_eq!(
            filled("/p/{scope}?s={since}&t={since-time}", &filling),
            Ok("/p/a%2Fb?s=86400&t=1970-01-02T00%3A00%3A00Z".into())
        );
        assert_eq!(filled("/p/{owner}", &filling), Err("owner"));
        let body = json!({"name": "{name}", "limit": "{like/limit}", "reset": "{like/reset}", "end": "{lifetime}", "on": true, "in": {"a": "{id}"}});
        assert_eq!(filled_body(&body, &filling), Some(json!({"name": "n", "limit": 5.5, "on": true})));
    }
}
