//! What a scraper reads: <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use super::{Report, State};
use crate::accounts::usage::{Finding, Line, Matched};
use crate::cli::report::visible;

/// A family of numbers: its name, its unit, what it is.
struct Family {
    name: &'static str,
    unit: &'static str,
    help: &'static str,
}

const LAST_USE: Family = Family {
    name: "aikeys_key_last_use_timestamp_seconds",
    unit: "seconds",
    help: "When the key was last used, as its provider says.",
};
const ACTIVE: Family = Family { name: "aikeys_key_active", unit: "", help: "1 where the provider takes the key." };
const REQUESTS: Family =
    Family { name: "aikeys_key_requests", unit: "", help: "Requests with the key in the time of the report." };
const COST: Family =
    Family { name: "aikeys_key_cost_dollars", unit: "dollars", help: "What the key cost in the time of the report." };
const FINDING: Family =
    Family { name: "aikeys_key_finding", unit: "", help: "1 where the finding is there, 0 where it is not." };
const UP: Family = Family { name: "aikeys_account_up", unit: "", help: "1 where the account told all." };
const BEGIN: Family = Family {
    name: "aikeys_report_begin_timestamp_seconds",
    unit: "seconds",
    help: "Since when requests and costs are counted.",
};

/// All families, and the end.
pub(super) fn text(report: &Report) -> String {
    let all = || report.providers.iter().flat_map(|of| of.lines.iter().filter_map(|it| Some((it, labels(of, it)?))));
    let of_lines = |value: &dyn Fn(&Line) -> Option<String>| -> Vec<(String, String)> {
        all().filter_map(|(line, labels)| Some((labels, value(line)?))).collect()
    };
    let active = |line: &Line| match &line.matched {
        Matched::One(key) => Some(u8::from(key.active).to_string()),
        _ => None,
    };
    let findings = all().flat_map(|(line, labels)| {
        Finding::ALL.map(|it| {
            let is_there = line.findings.iter().any(|(found, _)| *found == it);
            (format!("{labels},finding=\"{}\"", it.id()), u8::from(is_there).to_string())
        })
    });
    let asked = report.providers.iter().filter(|it| !matches!(it.state, State::NoInterface));
    let up = asked.map(|it| {
        let is_up = matches!(it.state, State::Asked);
        (format!("provider=\"{}\"", escaped(&it.id)), u8::from(is_up).to_string())
    });
    let mut out = String::new();
    family(&mut out, &UP, up.collect());
    family(&mut out, &BEGIN, vec![(String::new(), report.since.as_second().to_string())]);
    family(&mut out, &ACTIVE, of_lines(&active));
    family(&mut out, &LAST_USE, of_lines(&|it| it.last_used.map(|it| it.as_second().to_string())));
    family(&mut out, &REQUESTS, of_lines(&|it| it.requests.map(|it| it.to_string())));
    family(&mut out, &COST, of_lines(&|it| it.cost.map(|it| it.to_string())));
    family(&mut out, &FINDING, findings.collect());
    out + "# EOF\n"
}

fn family(out: &mut String, family: &Family, samples: Vec<(String, String)>) {
    if samples.is_empty() {
        return;
    }
    let Family { name, unit, help } = family;
    out.push_str(&format!("# TYPE {name} gauge\n"));
    if !unit.is_empty() {
        out.push_str(&format!("# UNIT {name} {unit}\n"));
    }
    out.push_str(&format!("# HELP {name} {help}\n"));
    for (labels, value) in samples {
        let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        out.push_str(&format!("{name}{labels} {value}\n"));
    }
}

/// A key of an account; what is not known to be one has no numbers.
fn labels(of: &super::OfProvider, line: &Line) -> Option<String> {
    let Matched::One(key) = &line.matched else { return None };
    let variables = line.held.map(|at| of.held[at].variables.join(",")).unwrap_or_default();
    let pairs = [("provider", &of.id), ("key", &key.id), ("name", &key.name), ("variable", &variables)];
    Some(pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).join(","))
}

fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
