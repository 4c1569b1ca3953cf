//! Amazon's answers: XML as a tree of texts.

use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// An element without others in it is its text; what stands there several times is a list.
pub(super) fn tree(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = vec![(String::new(), Map::new(), String::new())];
    loop {
        match reader.read_event().ok()? {
            Event::Start(it) => open.push((name(it.local_name().as_ref())?, Map::new(), String::new())),
            Event::Empty(it) => close(&mut open, (name(it.local_name().as_ref())?, Map::new(), String::new()))?,
            Event::Text(it) => open.last_mut()?.2.push_str(&it.xml_content(XmlVersion::default()).ok()?),
            Event::CData(it) => open.last_mut()?.2.push_str(&it.xml_content(XmlVersion::default()).ok()?),
            Event::GeneralRef(it) => {
                let resolved = it.resolve_char_ref().ok()?.map(String::from);
                let named = || quick_xml::escape::resolve_xml_entity(&it.decode().ok()?).map(str::to_owned);
                open.last_mut()?.2.push_str(&resolved.or_else(named)?);
            }
            Event::End(_) if open.len() > 1 => {
                let last = open.pop()?;
                close(&mut open, last)?;
            }
            Event::End(_) => return None,
            Event::Eof if open.len() == 1 => return Some(Value::Object(open.pop()?.1)),
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn name(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn close(
    open: &mut [(String, Map<String, Value>, String)],
    (name, members, text): (String, Map<String, Value>, String),
) -> Option<()> {
    let value = if members.is_empty() { Value::String(text) } else { Value::Object(members) };
    let around = &mut open.last_mut()?.1;
    match around.get_mut(&name) {
        Some(Value::Array(all)) => all.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
        None => drop(around.insert(name, value)),
    }
    Some(())
}

/// The `member`s of a list.
pub(super) fn members(list: &Value) -> Vec<&Value> {
    match list.get("member") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_none_one_and_two_are_told_apart() {
        let read = |inside: &str| tree(&format!("<?xml version='1.0'?>\n<A xmlns='u'><L>{inside}</L></A>"));
        let list =
            |inside: &str| members(&read(inside).expect("XML")["A"]["L"]).into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(list(""), Vec::<Value>::new());
        assert_eq!(list("<member><Id>a&amp;b&#43;c</Id><E/></member>"), [json!({"Id": "a&b+c", "E": ""})]);
        assert_eq!(list("<member>1</member><member>2</member>"), [json!("1"), json!("2")]);
        assert_eq!((tree("<A><B></A>"), tree("<A>"), tree("<A>&nope;</A>")), (None, None, None));
    }
}
