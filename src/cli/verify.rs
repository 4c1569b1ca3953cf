//! `--verify`: which keys are asked about, what is said before, and what an answer does to a finding.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, IsTerminal, Write};

use anyhow::Result;
#[cfg(not(feature = "verify"))]
use anyhow::bail;

use super::args::Check;
#[cfg(feature = "verify")]
use super::report::visible;
use crate::checks::{Checked, CheckedFile};
use crate::rules::{Finding, Severity};
use crate::secrets::{Catalogue, Format, Provider, classify, fingerprint, hosts_in};
use crate::text::counted;
use crate::verify::{Life, Request, request};

/// So many keys are asked about in one run: with one provider that takes 50 seconds.
const MOST: usize = 100;

/// The answers by the fingerprints of keys.
type Answers = HashMap<String, Life>;

/// Asks, and changes the findings accordingly. Without a terminal the flag itself is the consent.
pub(super) fn verify(args: &Check, checked: &mut Checked) -> Result<()> {
    let (mut answers, questions) = questions(&checked.files);
    let ask = !questions.is_empty() && {
        announce(&questions)?;
        args.yes || !io::stdin().is_terminal() || super::ask(&mut io::stderr())?
    };
    if ask {
        let (keys, requests): (Vec<String>, Vec<Request>) = questions.into_iter().unzip();
        answers.extend(keys.into_iter().zip(lives(&requests)?));
    } else {
        let unasked = || Life::Unknown("its provider was not asked".to_owned());
        answers.extend(questions.into_iter().map(|(key, _)| (key, unasked())));
    }
    apply(&mut checked.files, &answers);
    Ok(())
}

#[cfg(feature = "verify")]
fn lives(requests: &[Request]) -> Result<Vec<Life>> {
    let ask = || crate::verify::Verifier::new()?.ask(requests);
    ask().or_else(|why| {
        writeln!(io::stderr(), "warning: `--verify` asked nobody: {}", visible(&why))?;
        Ok(vec![Life::Unknown(why); requests.len()])
    })
}

#[cfg(not(feature = "verify"))]
fn lives(_: &[Request]) -> Result<Vec<Life>> {
    bail!("{NOT_BUILT}")
}

#[cfg(not(feature = "verify"))]
const NOT_BUILT: &str = "this aikeys-lsp was built without `--verify`: build it with `--features verify`";

/// A build that cannot ask says so before it looks at anything.
pub(super) fn is_possible() -> Result<()> {
    #[cfg(not(feature = "verify"))]
    bail!("{NOT_BUILT}");
    #[cfg(feature = "verify")]
    Ok(())
}

/// What can be answered without asking, and what is to be asked: each key once.
fn questions(files: &[CheckedFile]) -> (Answers, Vec<(String, Request)>) {
    let (mut answers, mut questions): (Answers, BTreeMap<String, (&str, Request)>) = Default::default();
    let all = files.iter().flat_map(|file| file.findings.iter().map(move |found| (file, &found.finding)));
    for (file, finding) in all.filter(|(_, finding)| finding.secret.is_some()) {
        let (key, provider) = (finding.fingerprint.hex.clone(), finding.provider.as_deref().unwrap_or_default());
        if answers.contains_key(&key) {
            continue;
        }
        match question(file, finding, provider) {
            Err(why) => drop(answers.insert(key, Life::Unknown(why))),
            Ok(_) if questions.get(&key).is_some_and(|(other, _)| *other != provider) => {
                let unclear = "several providers come into question";
                answers.insert(key, Life::Unknown(unclear.to_owned()));
            }
            Ok(_) if questions.len() >= MOST && !questions.contains_key(&key) => {
                let full = format!("{MOST} other keys were asked about: check fewer files");
                answers.insert(key, Life::Unknown(full));
            }
            Ok(request) => drop(questions.insert(key, (provider, request))),
        }
    }
    questions.retain(|key, _| !answers.contains_key(key));
    (answers, questions.into_iter().map(|(key, (_, request))| (key, request)).collect())
}

/// A key is sent as it stands in the file, and only where that is the key and could be a real one.
fn question(file: &CheckedFile, finding: &Finding, provider: &str) -> Result<Request, String> {
    let value = finding.secret.map(|span| file.doc.slice(span)).unwrap_or_default();
    if finding.fingerprint.weak {
        return Err("it is too simple to be the key of a provider".to_owned());
    }
    if fingerprint(value).as_ref() != Some(&finding.fingerprint) {
        return Err("it does not stand here in one piece".to_owned());
    }
    if classify(Catalogue::built_in(), value).is_some() {
        return Err("it is a placeholder".to_owned());
    }
    if provider.is_empty() {
        return Err("it is not clear whose key it is".to_owned());
    }
    let known = Catalogue::built_in().provider(provider);
    let is_sure = |provider: &Provider| {
        provider.keys.iter().any(|shape| shape.format == Format::Distinctive && shape.is_whole(value))
            || !leads_elsewhere(provider, file.doc.text())
    };
    if !known.is_some_and(is_sure) {
        return Err("the file names another address, whose key it could be".to_owned());
    }
    request(provider, value)
}

/// A line sets an address that is not the provider's: a key without a shape of its own may be meant for that one.
fn leads_elsewhere(provider: &Provider, text: &str) -> bool {
    let sets = |line: &str| {
        let line = line.to_ascii_lowercase();
        ["base", "url", "uri", "endpoint", "host", "gateway", "proxy", "server"].iter().any(|word| line.contains(word))
    };
    text.lines().filter(|line| sets(line)).any(|line| hosts_in(line).any(|host| !provider.has_host(host)))
}

/// Before the first request: what goes where.
fn announce(questions: &[(String, Request)]) -> io::Result<()> {
    let mut hosts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, request) in questions {
        *hosts.entry(&request.question.host).or_default() += 1;
    }
    let list: Vec<String> = hosts.iter().map(|(host, count)| format!("{host} ({count})")).collect();
    let keys = counted(questions.len(), "key");
    writeln!(
        io::stderr(),
        "warning: `--verify` sends {keys} over TLS, each to its own provider, who logs it: {}",
        list.join(", ")
    )
}

/// Live keys are errors and come first; dead ones are no more than information.
fn apply(files: &mut [CheckedFile], answers: &Answers) {
    for found in files.iter_mut().flat_map(|file| &mut file.findings) {
        let finding = &mut found.finding;
        let Some(life) = finding.secret.and_then(|_| answers.get(&finding.fingerprint.hex)) else { continue };
        finding.severity = match life {
            Life::Live => finding.severity.max(Severity::Error),
            Life::Dead => finding.severity.min(Severity::Info),
            Life::Unknown(_) => finding.severity,
        };
        finding.notes.insert(0, life.note());
        found.verified = Some(life.clone());
    }
    let is_live = |life: &Option<Life>| *life == Some(Life::Live);
    for file in files.iter_mut() {
        file.findings.sort_by_key(|found| !is_live(&found.verified));
    }
    files.sort_by_key(|file| !file.findings.iter().any(|found| is_live(&found.verified)));
}
