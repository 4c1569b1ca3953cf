//! Fields of secrets that hold a JSON object: `#/a/b` leads to `b` in `a`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::StoreError;
use crate::secrets::{Secret, SecretRef};

/// Why a field cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FieldError {
    /// There is none.
    Missing,
    /// The secret is no JSON object, or the path leads through something that is none.
    NoObject,
    /// The field holds a list or an object.
    NoText,
}

impl FieldError {
    /// The same, for the secret that a reference names.
    pub(super) fn of(&self, at: &SecretRef) -> StoreError {
        let what = match self {
            FieldError::Missing => return StoreError::Missing { place: at.to_string(), advice: String::new() },
            FieldError::NoObject => {
                "the secret is no JSON object, so it has no fields: leave `#/…` out, or take another name"
            }
            FieldError::NoText => "this field is a list or an object, and no text",
        };
        StoreError::Unavailable(format!("{at}: {what}"))
    }
}

/// What Amazon and Google let a secret hold.
const LARGEST: usize = 64 * 1024;

/// The secret fits in.
pub(super) fn check_size(at: &SecretRef, text: &Secret) -> Result<(), StoreError> {
    match text.expose().len() {
        0..=LARGEST => Ok(()),
        size => Err(StoreError::Unavailable(format!("{at}: {size} bytes are too many: a secret holds {LARGEST}"))),
    }
}

/// The secret is none that could be a variable.
pub(super) fn no_text(at: &SecretRef) -> StoreError {
    StoreError::Unavailable(format!("{at}: the secret is no text but bytes, which no variable can hold"))
}

/// Nothing stands in that field. What is no object is told by the write.
pub(super) fn is_free(json: &Secret, field: &str) -> bool {
    !matches!(read(json.expose(), field), Ok(_) | Err(FieldError::NoText))
}

/// An object whose values stay as they were written: numbers keep their digits.
type Object = BTreeMap<String, Box<RawValue>>;

/// The text of a field. A number and a truth value are the text that stands there.
pub(super) fn read(json: &str, path: &str) -> Result<Secret, FieldError> {
    let (first, rest) = split(path);
    let object = object(json)?;
    let value = object.get(first).map(|it| it.get()).filter(|it| *it != "null").ok_or(FieldError::Missing)?;
    match rest {
        Some(rest) => read(value, rest),
        None if value.starts_with(['{', '[']) => Err(FieldError::NoText),
        None if value.starts_with('"') => {
            Ok(Secret::new(serde_json::from_str::<String>(value).map_err(|_| FieldError::NoText)?))
        }
        None => Ok(Secret::new(value)),
    }
}

/// The same object with another text in a field; all others stay. `None` is the object that is not there yet.
pub(super) fn with(json: Option<&str>, path: &str, secret: &Secret) -> Result<String, FieldError> {
    let (first, rest) = split(path);
    let mut object = json.map_or(Ok(Object::new()), object)?;
    let value = match rest {
        Some(rest) => with(object.get(first).map(|it| it.get()), rest, secret)?,
        None => serde_json::to_string(secret.expose()).map_err(|_| FieldError::NoText)?,
    };
    object.insert(first.to_owned(), RawValue::from_string(value).map_err(|_| FieldError::NoText)?);
    serde_json::to_string(&object).map_err(|_| FieldError::NoText)
}

fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)))
}

fn object(json: &str) -> Result<Object, FieldError> {
    serde_json::from_str(json).map_err(|_| FieldError::NoObject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(json: &str, path: &str) -> Result<String, FieldError> {
        read(json, path).map(|it| it.expose().to_owned())
    }

    #[test]
    fn fields_are_found_at_any_depth() {
        let json = r#"{"a": {"b": "x\n"}, "n": 1.10, "t": true, "z": null, "l": []}"#;
        assert_eq!(field(json, "a/b"), Ok("x\n".to_owned()));
        assert_eq!((field(json, "n"), field(json, "t")), (Ok("1.10".to_owned()), Ok("true".to_owned())));
        assert_eq!((field(json, "z"), field(json, "a/c")), (Err(FieldError::Missing), Err(FieldError::Missing)));
        assert_eq!((field(json, "a"), field(json, "l")), (Err(FieldError::NoText), Err(FieldError::NoText)));
        assert_eq!(field(r#"{"a": "\ud800"}"#, "a"), Err(FieldError::NoText));
        assert_eq!((field(json, "n/x"), field("plain", "a")), (Err(FieldError::NoObject), Err(FieldError::NoObject)));
    }

    #[test]
    fn other_fields_stay_as_they_were_written() {
        let put = |json, path| with(json, path, &Secret::new("a\"b"));
        assert_eq!(put(None, "a/b").as_deref(), Ok(r#"{"a":{"b":"a\"b"}}"#));
        let json = r#"{"n": 12345678901234567890123.10, "a": {"c": [1, 2]}}"#;
        let expected = r#"{"a":{"b":"a\"b","c":[1, 2]},"n":12345678901234567890123.10}"#;
        assert_eq!(put(Some(json), "a/b").as_deref(), Ok(expected));
        assert_eq!((put(Some("x"), "a"), put(Some("[]"), "a")), (Err(FieldError::NoObject), Err(FieldError::NoObject)));
        assert_eq!(put(Some(json), "n/b"), Err(FieldError::NoObject));
    }
}
