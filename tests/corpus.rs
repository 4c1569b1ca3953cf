//! The detection corpus: keys of every provider in every position, and what only looks like one, made from a seed.
//!
//! `cargo test corpus -- --nocapture` prints what is missed and what is wrong.

mod clients;
mod code;
mod hosts;
mod languages;
mod measured;
mod programs;

use std::fmt::Write;
use std::time::{Duration, Instant};

use aikeys::fixes::Surroundings;
use aikeys::rules::{Finding, Severity, check};
use aikeys::secrets::{Catalogue, Class, Format, sample, sample_shape};
use aikeys::syntax::Document;
use aikeys::text::Span;

use code::{ASSEMBLED, NAMED, NAMES, NEGATIVES, PLACES, Random, SPEAKS_PYTHON, SPEAKS_RUST, Snippet, wrapped};

/// What was expected, and what came.
#[derive(Default)]
struct Score {
    keys: usize,
    found: usize,
    named: usize,
    alarms: usize,
    notes: String,
}

impl Score {
    fn recall(&self) -> f64 {
        share(self.found, self.keys)
    }

    fn precision(&self) -> f64 {
        share(self.found, self.found + self.alarms)
    }

    fn add(&mut self, other: &Score) {
        self.keys += other.keys;
        self.found += other.found;
        self.named += other.named;
        self.alarms += other.alarms;
    }

    fn alarm(&mut self, rule: &str, what: &str, place: &str) {
        self.alarms += 1;
        let _ = writeln!(self.notes, "alarm: {rule} at {what} in {place}");
    }

    /// A file with one key of `provider`.
    fn expect(&mut self, what: &str, snippet: &Snippet, key: &str, providers: &[&str]) {
        self.keys += 1;
        let (text, findings) = judged(snippet);
        let at = text.find(key).expect("the key is there");
        let span = Span::new(at, at + key.len());
        let (hits, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(|it| it.span.overlaps(span));
        let rest: Vec<_> = rest.into_iter().filter(is_loud).collect();
        self.alarms += rest.len();
        if hits.is_empty() {
            let _ = writeln!(self.notes, "missed: {what} in {}", snippet.place);
        } else {
            self.found += 1;
            let right = hits.iter().any(|it| it.provider.as_deref().is_some_and(|id| providers.contains(&id)));
            self.named += usize::from(right);
            if !right && !providers.is_empty() {
                let named = hits[0].provider.as_deref().unwrap_or("nobody");
                let _ = writeln!(self.notes, "named {named}: {what} in {}", snippet.place);
            }
        }
        for finding in rest {
            let _ = writeln!(self.notes, "alarm: {} beside {what} in {}", finding.rule, snippet.place);
        }
    }

    /// A file with one key of `provider`, which stands in it in another form.
    fn expect_somewhere(&mut self, what: &str, snippet: &Snippet, provider: &str) {
        self.keys += 1;
        let (_, findings) = judged(snippet);
        // The first piece may be long enough to be a key.
        let is_key = |it: &&Finding| it.rule == "assembled-key" || it.rule == "hardcoded-ai-key";
        match findings.iter().find(is_key) {
            Some(finding) => {
                self.found += 1;
                self.named += usize::from(finding.provider.as_deref() == Some(provider));
            }
            None => drop(writeln!(self.notes, "missed: {what} in {}", snippet.place)),
        }
        for other in findings.iter().filter(|it| !is_key(it) && is_loud(it)) {
            // A piece in the slot of a key is found as one: it is no false alarm.
            self.alarms += usize::from(other.secret.is_none());
            let _ = writeln!(self.notes, "{} beside {what} in {}", other.rule, snippet.place);
        }
    }

    /// A file without a key.
    fn expect_nothing(&mut self, what: &str, snippet: &Snippet) {
        for finding in judged(snippet).1.iter().filter(|it| is_loud(it)) {
            self.alarm(finding.rule, what, &snippet.place);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "thousands at the most")]
fn share(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}

fn judged(snippet: &Snippet) -> (String, Vec<Finding>) {
    let doc = Document::new(snippet.path, snippet.text.clone());
    (snippet.text.clone(), check(&doc, &Surroundings::bare()))
}

/// What disturbs people.
fn is_loud(finding: &Finding) -> bool {
    finding.severity >= Severity::Warning
}

/// A number is printed with what is behind it.
#[allow(clippy::print_stdout, reason = "the numbers are worth a look")]
fn say(name: &str, score: &Score) {
    print!("{}", score.notes);
    println!(
        "corpus {name}: {} keys, recall {:.1} %, named right {:.1} %, {} alarms",
        score.keys,
        100.0 * score.recall(),
        100.0 * share(score.named, score.found),
        score.alarms
    );
}

#[test]
fn keys_with_a_shape_are_found_wherever_they_stand() {
    let catalogue = Catalogue::built_in();
    let mut score = Score::default();
    let mut random = Random(1);
    for id in catalogue.shapes() {
        let (provider, shape) = catalogue.shape(id);
        if !shape.stands_alone() || shape.class == Class::Publishable {
            continue;
        }
        for _ in 0..8 {
            let place = random.pick(PLACES);
            let key = sample_shape(catalogue, id, random.next()).expect("every shape has samples");
            score.expect(&shape.id, &wrapped(place, "value", &key, &mut random), &key, &[&provider.id]);
        }
    }
    say("shapes", &score);
    assert!(score.recall() >= 0.98, "recall {:.3}", score.recall());
    assert!(score.precision() >= 0.99, "precision {:.3}", score.precision());
    assert!(share(score.named, score.found) >= 0.98, "named right {:.3}", share(score.named, score.found));
}

#[test]
fn keys_in_pieces_and_in_code_are_found() {
    let catalogue = Catalogue::built_in();
    let mut score = Score::default();
    let mut random = Random(5);
    for id in catalogue.shapes() {
        let (provider, shape) = catalogue.shape(id);
        // Where no prefix tells the begin, nothing tells pieces from other texts.
        if !shape.stands_alone() || shape.class == Class::Publishable || shape.prefix().len() < 3 {
            continue;
        }
        for place in (0..3).map(|_| random.pick(ASSEMBLED)).collect::<Vec<_>>() {
            let key = sample_shape(catalogue, id, random.next()).expect("every shape has samples");
            let snippet = code::assembled(place, &key, shape.prefix().len(), &mut random);
            score.expect_somewhere(&shape.id, &snippet, &provider.id);
        }
    }
    say("assembled", &score);
    assert!(score.recall() >= 0.96, "recall {:.3}", score.recall());
    assert!(score.alarms == 0, "{} alarms", score.alarms);
}

#[test]
fn keys_without_a_shape_are_found_by_their_place() {
    let catalogue = Catalogue::built_in();
    let mut score = Score::default();
    let mut random = Random(2);
    for id in catalogue.shapes() {
        let (provider, shape) = catalogue.shape(id);
        if shape.format != Format::Contextual || shape.class == Class::Publishable || provider.category == "local" {
            continue;
        }
        let variable = shape.env.first().unwrap_or(&provider.env);
        // Several providers read the same variable.
        let same = catalogue.provider_of_env(variable).map_or("", |it| it.id.as_str());
        let key = |random: &mut Random| sample_shape(catalogue, id, random.next()).expect("every shape has samples");
        for place in (0..10).map(|_| random.pick(NAMED)).collect::<Vec<_>>() {
            let key = key(&mut random);
            score.expect(&shape.id, &wrapped(place, variable, &key, &mut random), &key, &[&provider.id, same]);
        }
        for client in provider.clients.iter().filter(|it| it.kind.is_none() && it.host.is_none()) {
            let key = key(&mut random);
            if let Some(snippet) = code::client(client, &key, &mut random) {
                let of_symbol = code::providers_of(catalogue, client);
                score.expect(&shape.id, &snippet, &key, &of_symbol);
            }
        }
    }
    say("places", &score);
    assert!(score.recall() >= 0.95, "recall {:.3}", score.recall());
    assert!(score.precision() >= 0.99, "precision {:.3}", score.precision());
}

#[test]
fn keys_are_found_in_every_language() {
    let catalogue = Catalogue::built_in();
    let mut random = Random(7);
    let mut all = Score::default();
    for (language, path, before, behind) in languages::FILES {
        let mut score = Score::default();
        for place in languages::NAMED.iter().filter(|(it, _)| it == language) {
            for id in catalogue.shapes() {
                let (provider, shape) = catalogue.shape(id);
                let by_place = shape.format == Format::Contextual && provider.category != "local";
                let wanted = by_place || shape.stands_alone();
                if !wanted || shape.class == Class::Publishable || !random.next().is_multiple_of(5) {
                    continue;
                }
                let name = shape.env.first().unwrap_or(&provider.env);
                let same = catalogue.provider_of_env(name).map_or("", |it| it.id.as_str());
                let key = sample_shape(catalogue, id, random.next()).expect("every shape has samples");
                let text = code::filled(place.1, name, &key);
                let text = if text.starts_with('{') || text.starts_with("//") && *language == "json" {
                    text
                } else {
                    format!("{before}{text}{behind}")
                };
                let snippet = Snippet { path, place: place.1.trim_end().replace('\n', "⏎"), text };
                score.expect(&shape.id, &snippet, &key, &[&provider.id, same]);
            }
        }
        say(language, &score);
        assert!(score.recall() >= 0.95, "recall {:.3} in {language}", score.recall());
        all.add(&score);
    }
    say("all languages", &all);
    assert!(all.recall() >= 0.98, "recall {:.3}", all.recall());
    assert!(all.precision() >= 0.99, "precision {:.3}", all.precision());
}

/// How code is put into another file.
type Wrap = fn(&Snippet, &mut Random) -> Snippet;

#[test]
fn keys_are_found_in_code_inside_other_files() {
    let catalogue = Catalogue::built_in();
    let python: Vec<_> = NAMED.iter().filter(|(language, _)| *language == "py").copied().collect();
    let scripts: Vec<_> = languages::NAMED.iter().filter(|(it, _)| ["js", "ts"].contains(it)).copied().collect();
    let hosts: [(&str, &[code::Place], Wrap); 3] = [
        ("notebooks", &python, hosts::notebook),
        ("documents", &python, hosts::document),
        ("pages", &scripts, hosts::page),
    ];
    let mut random = Random(11);
    for (name, places, wrap) in hosts {
        let mut score = Score::default();
        for id in catalogue.shapes() {
            let (provider, shape) = catalogue.shape(id);
            let by_place = shape.format == Format::Contextual && provider.category != "local";
            if !by_place && !shape.stands_alone() || shape.class == Class::Publishable {
                continue;
            }
            let variable = shape.env.first().unwrap_or(&provider.env);
            let same = catalogue.provider_of_env(variable).map_or("", |it| it.id.as_str());
            for _ in 0..3 {
                let key = sample_shape(catalogue, id, random.next()).expect("every shape has samples");
                // A key with such signs is written in another way in a notebook.
                if key.contains(['\n', '"', '\\']) {
                    continue;
                }
                let place = random.pick(places);
                let inner = match place.0 {
                    "py" => wrapped(place, variable, &key, &mut random),
                    ending => {
                        let path = if ending == "ts" { "src/app.ts" } else { "src/app.js" };
                        let text = code::filled(place.1, variable, &key);
                        Snippet { path, place: place.1.trim_end().replace('\n', "⏎"), text }
                    }
                };
                score.expect(&shape.id, &wrap(&inner, &mut random), &key, &[&provider.id, same]);
            }
        }
        say(name, &score);
        assert!(score.recall() >= 0.98, "recall {:.3} in {name}", score.recall());
        assert!(score.precision() >= 0.99, "precision {:.3} in {name}", score.precision());
        let (mut quiet, mut files) = (Score::default(), 0);
        // The names of these files are those of code in Python.
        let rounds = if name == "pages" { 0 } else { NAMES.len() };
        for round in 0..rounds {
            for (what, form) in NEGATIVES {
                let value = random.fill(form);
                let mut inner = wrapped(random.pick(&python), NAMES[round % NAMES.len()], &value, &mut random);
                if random.next().is_multiple_of(2) {
                    inner.text = format!("{SPEAKS_PYTHON}{}", inner.text);
                }
                quiet.expect_nothing(what, &wrap(&inner, &mut random));
                files += 1;
            }
        }
        say(&format!("negatives in {name} ({files} files)"), &quiet);
        assert!(quiet.alarms * 100 <= files, "{} alarms in {files} {name}", quiet.alarms);
    }
}

#[test]
fn keys_of_unknown_providers_are_found_where_a_name_says_so() {
    let mut score = Score::default();
    let mut random = Random(4);
    for round in 0..400 {
        let company = random.fill("<l7>");
        let form = ["<a32>", "<a40>", "<h48>", "nk_<a36>", "sk-<a44>", "<a28>-<a20>"][round % 6];
        let key = random.fill(form);
        let variable = format!("{}_API_KEY", company.to_uppercase());
        let named = wrapped(random.pick(NAMED), &variable, &key, &mut random);
        score.expect(form, &named, &key, &[]);
        score.expect(form, &code::unknown_client(&company, &key, &mut random), &key, &[]);
    }
    say("unknown", &score);
    assert!(score.recall() >= 0.85, "recall {:.3}", score.recall());
    assert!(score.alarms == 0, "{} alarms", score.alarms);
}

#[test]
fn what_looks_like_a_key_is_left_alone() {
    let mut score = Score::default();
    let mut random = Random(3);
    let mut files = 0;
    for round in 0..NAMES.len() {
        for (what, form) in NEGATIVES {
            let value = random.fill(form);
            let name = NAMES[round % NAMES.len()];
            let (place, named) = (random.pick(PLACES), random.pick(NAMED));
            score.expect_nothing(what, &wrapped(place, name, &value, &mut random));
            score.expect_nothing(what, &wrapped(named, name, &value, &mut random));
            // The same in a file that speaks of providers and their keys.
            let mut beside = wrapped(random.pick(NAMED), name, &value, &mut random);
            beside.text = match beside.path {
                "app.py" => format!("{SPEAKS_PYTHON}{}", beside.text),
                _ => format!("{SPEAKS_RUST}{}", beside.text),
            };
            score.expect_nothing(what, &beside);
            files += 3;
        }
    }
    say(&format!("negatives ({files} files)"), &score);
    assert!(score.alarms * 100 <= files, "{} alarms in {files} files", score.alarms);
}

/// How long a bundle takes: one line, one function around all, and in it so many texts that could be keys.
fn took(texts: u64) -> Duration {
    let key = |seed: u64| sample("mistral.api", seed).expect("the shape has a sample");
    let entry = |seed| format!("f(\"{}\",{{Authorization:\"{}\",u:{seed}}});var t=", key(2 * seed), key(2 * seed + 1));
    let entries: String = (0..texts).map(entry).collect();
    let text = format!("var o=require(\"openai\");!function(e,t){{{entries}1}}(window);");
    let doc = Document::new("bundle.js", text);
    let start = Instant::now();
    check(&doc, &Surroundings::bare());
    start.elapsed()
}

#[test]
fn a_bundle_with_more_in_it_takes_so_much_longer_and_no_more() {
    took(10);
    let (few, many) = (took(50), took(800));
    assert!(many < few * 64 + Duration::from_millis(500), "{few:?} for 50, {many:?} for 800");
}
