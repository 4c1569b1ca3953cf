//! How many keys are found in Go, Java, C#, Ruby, PHP and Bash, and how much is taken for one that is none.

use super::clients::{BESIDE, CLIENTS, PLACEHOLDERS};
use super::code::{NAMES, NEGATIVES, Place, Random, Snippet, in_pieces};
use super::programs::{DEFAULTS, HEADERS, LANGUAGES, Language, NAMED, PIECES, spelled};
use super::{Score, is_loud, judged, say};
use aikeys::secrets::{Catalogue, Class, Format, Provider, Shape, sample_shape};

/// Of so many shapes one is tried in a place.
const SHAPES: u64 = 16;

/// Headers that hold no key.
const OTHER_HEADERS: &[&str] = &["X-Request-Id", "If-None-Match", "traceparent", "X-Commit", "Idempotency-Key"];

fn snippet(language: &Language, place: &str, text: &str, speaks: bool) -> Snippet {
    let place = format!("{}: {}", language.id, place.trim_end().replace('\n', "⏎"));
    Snippet { path: language.path, place, text: language.file(text, speaks) }
}

fn places(language: &Language, all: &'static [Place]) -> impl Iterator<Item = &'static str> {
    let id = language.id;
    all.iter().filter(move |(it, _)| *it == id).map(|(_, place)| *place)
}

/// The keys of the catalogue that a place can tell, one in [`SHAPES`].
fn some<'c>(catalogue: &'c Catalogue, random: &mut Random) -> Vec<(&'c Provider, &'c Shape, String)> {
    let mut found = Vec::new();
    for id in catalogue.shapes() {
        let (provider, shape) = catalogue.shape(id);
        let by_place = shape.format == Format::Contextual && provider.category != "local";
        let wanted = (by_place || shape.stands_alone()) && shape.class != Class::Publishable;
        if wanted && random.next().is_multiple_of(SHAPES) {
            found.push((provider, shape, sample_shape(catalogue, id, random.next()).expect("every shape has samples")));
        }
    }
    found
}

fn named(catalogue: &Catalogue, language: &Language, all: &'static [Place], random: &mut Random) -> Score {
    let mut score = Score::default();
    for place in places(language, all) {
        for (provider, shape, key) in some(catalogue, random) {
            let name = shape.env.first().unwrap_or(&provider.env);
            let same = catalogue.provider_of_env(name).map_or("", |it| it.id.as_str());
            let snippet = snippet(language, place, &spelled(place, name, &key), false);
            score.expect(&shape.id, &snippet, &key, &[&provider.id, same]);
        }
    }
    score
}

fn headers(catalogue: &Catalogue, language: &Language, random: &mut Random) -> Score {
    let mut score = Score::default();
    for place in places(language, HEADERS) {
        for (provider, shape, key) in some(catalogue, random) {
            let host = provider.hosts.iter().find(|it| it.contains('.') && !it.starts_with('*'));
            let auth =
                provider.auth.split_once(": ").and_then(|(name, value)| Some((name, value.strip_suffix("{key}")?)));
            let (Some(host), Some((name, scheme))) = (host, auth) else { continue };
            let text = headed(place, name, scheme, host, &key);
            score.expect(&shape.id, &snippet(language, place, &text, false), &key, &[&provider.id]);
        }
    }
    score
}

fn headed(place: &str, name: &str, scheme: &str, host: &str, value: &str) -> String {
    let text = place.replace("{header}", name).replace("{value}", &format!("{scheme}{value}"));
    text.replace("{scheme}", scheme).replace("{host}", host).replace("{key}", value)
}

fn called(catalogue: &Catalogue, language: &Language, random: &mut Random) -> Score {
    let mut score = Score::default();
    for (_, whose, place) in CLIENTS.iter().filter(|(it, ..)| *it == language.id) {
        for id in catalogue.shapes() {
            let (provider, shape) = catalogue.shape(id);
            let opaque = shape.format == Format::Opaque || shape.format == Format::Distinctive && !shape.stands_alone();
            // Admin keys and those of other variables go to other places.
            let elsewhere = shape.env.first().is_some_and(|name| *name != provider.env);
            if provider.id != *whose || opaque || elsewhere || shape.class != Class::Api {
                continue;
            }
            for _ in 0..3 {
                let key = sample_shape(catalogue, id, random.next()).expect("every shape has samples");
                let snippet = snippet(language, place, &place.replace("{key}", &key), false);
                score.expect(&shape.id, &snippet, &key, &[&provider.id]);
            }
        }
    }
    score
}

/// Files without a key; each form of what is none stands in every second place.
fn without(language: &Language, random: &mut Random) -> (usize, Score) {
    let (mut score, mut files) = (Score::default(), 0);
    let mut expect = |round: usize, what: &str, place: &str, text: &str, speaks: bool| {
        files += 1;
        if (files + round).is_multiple_of(2) {
            score.expect_nothing(what, &snippet(language, place, text, speaks));
        }
    };
    let variable = regex::Regex::new(r"\bkey\b").expect("a pattern");
    for (round, (what, form)) in NEGATIVES.iter().enumerate() {
        for (at, place) in places(language, NAMED).chain(places(language, DEFAULTS)).enumerate() {
            let name = NAMES[(at + 7 * round) % NAMES.len()];
            // What nobody would take for one is not called `key`.
            let text = variable.replace_all(&spelled(place, name, "{value}"), "item").into_owned();
            expect(round, what, place, &text.replace("{value}", &random.fill(form)), (at + round) % 3 == 0);
        }
        for (at, place) in places(language, HEADERS).enumerate() {
            let name = OTHER_HEADERS[(at + round) % OTHER_HEADERS.len()];
            let text = headed(place, name, "", "api.mistral.ai", &random.fill(form));
            expect(round, what, place, &text.replace("token", "trace"), at % 3 == 0);
        }
        for place in places(language, BESIDE) {
            expect(round, what, place, &place.replace("{value}", &random.fill(form)), false);
        }
    }
    (files / 2, score)
}

/// What is no key yet.
fn unfilled(language: &Language) -> (usize, Score) {
    let (mut score, mut files) = (Score::default(), 0);
    let named = places(language, NAMED).chain(places(language, DEFAULTS));
    let texts = named.map(|place| (place, spelled(place, "MISTRAL_API_KEY", "{key}")));
    let heads = places(language, HEADERS);
    let heads = heads.map(|place| (place, headed(place, "Authorization", "Bearer ", "api.mistral.ai", "{key}")));
    let called =
        CLIENTS.iter().filter(|(it, ..)| *it == language.id).map(|(_, _, place)| (*place, (*place).to_owned()));
    for (place, text) in texts.chain(heads).chain(called) {
        for value in PLACEHOLDERS {
            files += 1;
            let snippet = snippet(language, place, &text.replace("{key}", value), false);
            // That it is a placeholder may be said.
            for finding in judged(&snippet).1.iter().filter(|it| is_loud(it) && it.secret.is_some()) {
                score.alarm(finding.rule, value, &snippet.place);
            }
        }
    }
    (files, score)
}

#[test]
fn keys_in_pieces_are_found_in_every_language_of_programs() {
    let catalogue = Catalogue::built_in();
    let (mut random, mut all) = (Random(13), Score::default());
    for language in LANGUAGES {
        let mut score = Score::default();
        for place in places(language, PIECES) {
            // Where no prefix tells the begin, nothing tells pieces from other texts.
            let keys = some(catalogue, &mut random).into_iter().filter(|(_, shape, _)| shape.stands_alone());
            for (provider, shape, key) in keys.filter(|(_, shape, _)| shape.prefix().len() >= 3) {
                let text = in_pieces(place, &key, shape.prefix().len(), &mut random);
                score.expect_somewhere(&shape.id, &snippet(language, place, &text, false), &provider.id);
            }
        }
        say(&format!("{} pieces", language.id), &score);
        all.add(&score);
    }
    say("pieces in all languages", &all);
    assert!(all.recall() >= 0.96, "recall {:.3}", all.recall());
    assert!(all.alarms == 0, "{} alarms", all.alarms);
}

#[test]
fn keys_are_found_in_every_language_of_programs() {
    let catalogue = Catalogue::built_in();
    let mut random = Random(11);
    let (mut all, mut special) = (Score::default(), [Score::default(), Score::default()]);
    let mut wrong = Vec::new();
    for language in LANGUAGES {
        let by_name = named(catalogue, language, NAMED, &mut random);
        let defaults = named(catalogue, language, DEFAULTS, &mut random);
        let headers = headers(catalogue, language, &mut random);
        let called = called(catalogue, language, &mut random);
        let mut score = Score::default();
        for (kind, part) in [("names", &by_name), ("defaults", &defaults), ("headers", &headers), ("clients", &called)]
        {
            say(&format!("{} {kind}", language.id), part);
            score.add(part);
        }
        special[0].add(&defaults);
        special[1].add(&headers);
        let (files, none) = without(language, &mut random);
        say(&format!("{} negatives ({files} files)", language.id), &none);
        let (files, placeholders) = unfilled(language);
        say(&format!("{} placeholders ({files} files)", language.id), &placeholders);
        score.add(&none);
        score.add(&placeholders);
        say(language.id, &score);
        if score.recall() < 0.95 || score.precision() < 0.99 {
            wrong.push(format!("{}: recall {:.3}, precision {:.3}", language.id, score.recall(), score.precision()));
        }
        all.add(&score);
    }
    say("all languages of programs", &all);
    for (kind, score) in ["defaults", "headers"].into_iter().zip(&special) {
        say(kind, score);
        if score.recall() < 0.98 {
            wrong.push(format!("{kind}: recall {:.3}", score.recall()));
        }
    }
    if all.recall() < 0.98 || all.precision() < 0.99 {
        wrong.push(format!("all: recall {:.3}, precision {:.3}", all.recall(), all.precision()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
