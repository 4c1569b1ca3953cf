//! The same for programs: one object. No value is in it.

use serde_json::{Value, json};

use crate::incident::{
    Answer, Asked, Case, Findings, Held, Place, Sighting, Tree, Used, Verdict, is_burned, steps, verdict, worst_first,
};

/// All that was found.
pub(super) fn report(case: &Case, found: &Findings) -> Value {
    let trees = || [&found.tree, &found.made].into_iter().flatten();
    let problems = trees().flat_map(|it| &it.problems).chain(found.past.iter().flat_map(|it| &it.problems));
    let problems: Vec<&String> = found.problems.iter().chain(problems).collect();
    let lacks: Vec<&String> = found.past.iter().flat_map(|it| it.lacks.iter().chain(&it.others)).collect();
    let unknown = |it: &Asked| match &it.answer {
        Answer::Silent(why) => Some(json!({"reference": it.reference.to_string(), "store": it.store, "problem": why})),
        Answer::Holds(_) | Answer::Nothing => None,
    };
    let stores = found.stores.iter().flatten();
    let report = json!({
        "version": 1,
        "workspace": case.workspace.name(),
        "files": trees().map(|it: &Tree| it.looked).sum::<usize>(),
        "commits": found.past.as_ref().map(|it| it.commits),
        "references": stores.clone().count(),
        "unknown-references": stores.filter_map(unknown).collect::<Vec<_>>(),
        "not-looked-at": lacks,
        "problems": problems,
        "keys": worst_first(case, found).into_iter().map(|value| key(case, found, value)).collect::<Vec<_>>(),
    });
    hidden(case, report)
}

/// Without anything of the values, in every text.
fn hidden(case: &Case, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(case.hidden(&text)),
        Value::Array(items) => items.into_iter().map(|it| hidden(case, it)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, it)| (name, hidden(case, it))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn key(case: &Case, found: &Findings, value: usize) -> Value {
    let (key, life) = (&case.keys[value], found.life(value));
    let (verdict, why) = match verdict(case, found, value) {
        Verdict::Contained => ("contained", Vec::new()),
        Verdict::NotContained(why) => ("not contained", why),
        Verdict::Unclear(why) => ("unknown", why),
    };
    let steps = steps(case, found, value);
    json!({
        "shown": key.shown,
        "fingerprint": key.fingerprint,
        "taken": key.part,
        "variable": key.name,
        "provider": key.whose.provider,
        "name": key.whose.name,
        "kind": key.whose.kind,
        "class": key.whose.class,
        "may-be": key.whose.may_be,
        "keys-page": key.whose.page,
        "burned": is_burned(case, value),
        "life": life.map_or("unknown", |it| it.name()),
        "life-reason": life.and_then(|it| it.reason()),
        "used": found.used.as_ref().and_then(|it| it.get(value)).map(used),
        "places": found.places(value).map(place).collect::<Vec<_>>(),
        "references": found.leading(value).map(leading).collect::<Vec<_>>(),
        "git": found.held(value).map(held),
        "verdict": verdict,
        "reasons": why,
        "steps": steps.iter().map(|it| json!({"text": it.text, "command": it.command})).collect::<Vec<_>>(),
    })
}

fn place(it: &Place) -> Value {
    json!({"path": it.path, "line": it.line, "kind": it.kind.id(), "written": it.written, "variable": it.variable})
}

fn leading(it: &Asked) -> Value {
    json!({"reference": it.reference.to_string(), "store": it.store, "variables": it.names, "places": it.places})
}

fn used(it: &Used) -> Value {
    match it {
        Used::Unknown(why) => json!({"reason": why}),
        Used::Known { name, id, last, active } => {
            json!({"name": name, "id": id, "last": last.map(|it| it.to_string()), "active": active})
        }
    }
}

fn held(it: &Held) -> Value {
    let sightings = |all: &[Sighting]| all.iter().map(sighting).collect::<Vec<_>>();
    json!({
        "pushed": it.pushed,
        "versions": it.versions,
        "references": it.names,
        "places": sightings(&it.places),
        "dropped": sightings(&it.dropped),
        "staged": it.staged,
        "lost": it.lost,
    })
}

fn sighting(it: &Sighting) -> Value {
    let commit = it.commit.as_ref();
    json!({
        "path": it.path,
        "commit": commit.map(|it| &it.id),
        "date": commit.map(|it| &it.date),
        "pushed": commit.and_then(|it| it.pushed),
        "versions": it.versions,
        "in-head": it.in_head,
    })
}
