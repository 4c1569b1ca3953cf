//! What every rule looks at: the document, its keys, and what is written beside them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::Path;

use memchr::memmem::Finder;
use std::sync::LazyLock;

use super::flow::{Source, sources};
use super::holders::{Holders, holders};
use super::objects::{self, Object};
use super::reads::{Read, reads};
use super::{Finding, Severity, literal_in_key_slot};
use crate::fixes::{LOCK, Surroundings, assembled};
use crate::secrets::{
    Assembled, Catalogue, Class, EnvWords, Fingerprint, Provider, Shape, Token, Words, ambiguous, encoded, fingerprint,
    has_word, is_app_secrets, is_env_file, is_env_template, is_likely, may_hold_pieces, nearest_name, redact, runs,
    scan_runs, slot_candidates, speaks, variables_built, weak_fingerprint,
};
use crate::syntax::{AgentSettings, Document, Facts, Host, Language, Pipeline, Reader, is_parsed, is_shell};
use crate::text::{Span, line_before, line_behind};

/// One document with its surroundings, for one check.
pub struct Context<'d> {
    /// The document.
    pub doc: &'d Document,
    /// What lies around it.
    pub around: &'d Surroundings,
    runs: OnceCell<Vec<Span>>,
    tokens: OnceCell<Vec<Token>>,
    candidates: OnceCell<Vec<Span>>,
    assembled: OnceCell<Vec<Assembled>>,
    ambiguous: OnceCell<Vec<(Span, Vec<String>)>>,
    variables: OnceCell<Vec<Span>>,
    reads: OnceCell<Vec<Read<'d>>>,
    by_place: OnceCell<Vec<Finding>>,
    sources: OnceCell<Vec<Source<'d>>>,
    holders: OnceCell<Holders<'d>>,
    objects: OnceCell<Vec<Object<'d>>>,
    env_words: OnceCell<EnvWords<'d>>,
    environments: OnceCell<Vec<Span>>,
    facts: OnceCell<Cow<'d, Facts>>,
}

/// Finds what every suppression begins with.
pub(super) static MARKER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"aikeys: ignore"));

/// The cheapest question that never misses a finding: the text holds a distinctive key, something that could be one, or
/// a suppression; or it is an env file.
///
/// It leaves out nearly every file, so nothing of them is parsed.
pub fn needs_look(catalogue: &Catalogue, path: &Path, text: &[u8]) -> bool {
    let runs = runs(text);
    let env_words = OnceCell::new();
    let env_words = || env_words.get_or_init(|| EnvWords::of(text));
    !scan_runs(catalogue, text, &runs).is_empty()
        || MARKER.find(text).is_some()
        || is_env_file(path)
        || !encoded(catalogue, text, &runs).is_empty()
        || !ambiguous(catalogue, text, &runs).is_empty()
        || is_env_template(path)
        || path.ends_with(LOCK)
        || Reader::copying(path).is_some()
        || Pipeline::of_path(path).is_some_and(|it| it.may_have_secrets(text))
        || AgentSettings::of_path(path).is_some()
        || Language::of_path(path).is_some() && catalogue.speaks_of_store(text)
        || (is_parsed(path)
            && (hands_on_all(path, env_words())
                || may_handle_keys(catalogue, Language::of_path(path), text)
                || may_hold_pieces(catalogue, text, if is_shell(path) { Words::Bare } else { Words::Quoted })
                || !slot_candidates(catalogue, text, &runs).is_empty()
                || !env_words().variables_read(catalogue).is_empty()))
}

/// A program hands on all variables of its environment, this one or one in it.
fn hands_on_all(path: &Path, env_words: &EnvWords<'_>) -> bool {
    let hands_on = |language: &Language| !env_words.environments(&language.sinks.environment).is_empty();
    match Language::of_path(path) {
        Some(language) => hands_on(language),
        None => Host::of_path(path).is_some() && Language::all().iter().any(hands_on),
    }
}

/// A file that speaks of a provider has a word for what may hold a key that is read elsewhere, or for what loads one.
fn may_handle_keys(catalogue: &Catalogue, language: Option<&Language>, text: &[u8]) -> bool {
    let words = language.map_or(&[][..], |it| &it.looks);
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some()) && speaks(catalogue, text)
}

impl<'d> Context<'d> {
    /// Looks at a document; scans and parses nothing yet.
    pub fn new(doc: &'d Document, around: &'d Surroundings) -> Context<'d> {
        Context {
            doc,
            around,
            runs: OnceCell::new(),
            tokens: OnceCell::new(),
            candidates: OnceCell::new(),
            assembled: OnceCell::new(),
            ambiguous: OnceCell::new(),
            variables: OnceCell::new(),
            reads: OnceCell::new(),
            by_place: OnceCell::new(),
            sources: OnceCell::new(),
            holders: OnceCell::new(),
            objects: OnceCell::new(),
            env_words: OnceCell::new(),
            environments: OnceCell::new(),
            facts: OnceCell::new(),
        }
    }

    /// [`needs_look`] for this document; what is found on the way is kept.
    pub(super) fn needs_look(&self) -> bool {
        let marked = || MARKER.find(self.doc.text().as_bytes()).is_some();
        !self.tokens().is_empty()
            || !self.candidates().is_empty()
            || !self.assembled().is_empty()
            || !self.ambiguous().is_empty()
            || !self.variables().is_empty()
            || !self.environments().is_empty()
            || may_handle_keys(self.catalogue(), self.doc.language(), self.doc.text().as_bytes())
            || self.is_env_file()
            || Reader::copying(self.doc.path()).is_some()
            || Pipeline::of_path(self.doc.path()).is_some_and(|it| it.may_have_secrets(self.doc.text().as_bytes()))
            || AgentSettings::of_path(self.doc.path()).is_some()
            || is_env_template(self.doc.path())
            || self.doc.path() == Path::new(LOCK)
            || marked()
            || self.doc.language().is_some() && self.catalogue().speaks_of_store(self.doc.text().as_bytes())
    }

    /// The providers.
    pub fn catalogue(&self) -> &'d Catalogue {
        &self.around.catalogue
    }

    /// What stands around keys, candidates and suppressions, and the imports.
    pub fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let markers =
                MARKER.find_iter(self.doc.text().as_bytes()).map(|at| Span::new(at, at + MARKER.needle().len()));
            let tokens = self.tokens().iter().map(|token| token.span);
            // The default stands behind the variable.
            let line = |end: u32| line_behind(&self.doc.text()[end as usize..]).len() as u32;
            let reads = self.variables().iter().map(|it| Span { end: it.end + line(it.end), ..*it });
            let spans: Vec<Span> =
                tokens.chain(self.candidates().iter().copied()).chain(reads).chain(markers).collect();
            self.doc.facts_near(&spans)
        })
    }

    fn runs(&self) -> &[Span] {
        self.runs.get_or_init(|| runs(self.doc.text().as_bytes()))
    }

    /// The distinctive keys in the text. One that needs context is there only when the file speaks of its provider.
    pub fn tokens(&self) -> &[Token] {
        self.tokens.get_or_init(|| {
            let mut tokens = self.shaped();
            // A private key alone can be anybody's.
            tokens.retain(|token| {
                let shape = self.catalogue().shape(token.shape).1;
                shape.class != Class::ServiceAccount || shape.context.is_empty() || self.has_context(shape)
            });
            tokens
        })
    }

    /// The texts of a key's shape, also where it is likely somebody else's: none of them is shown.
    pub fn shaped(&self) -> Vec<Token> {
        let text = self.doc.text().as_bytes();
        let mut tokens = scan_runs(self.catalogue(), text, self.runs());
        tokens.retain(|token| !self.is_doubtful(token) || is_likely(self.catalogue(), text, token));
        tokens
    }

    /// The shape of a key alone does not prove it, and nothing beside it names its provider.
    pub fn is_doubtful(&self, token: &Token) -> bool {
        token.needs_context && !self.speaks_of(self.catalogue().shape(token.shape).0, token.span)
    }

    /// The places that may be a key which only its slot tells; none in plain text.
    pub fn candidates(&self) -> &[Span] {
        self.candidates.get_or_init(|| match self.doc.language() {
            Some(_) => slot_candidates(self.catalogue(), self.doc.text().as_bytes(), self.runs()),
            None => Vec::new(),
        })
    }

    fn env_words(&self) -> &EnvWords<'d> {
        self.env_words.get_or_init(|| EnvWords::of(self.doc.text().as_bytes()))
    }

    /// Where a provider's variable is read; none in plain text.
    pub fn variables(&self) -> &[Span] {
        self.variables.get_or_init(|| match self.doc.language() {
            Some(_) => {
                let mut all = self.env_words().variables_read(self.catalogue());
                if Reader::copying(self.doc.path()).is_some() {
                    all.extend(variables_built(self.catalogue(), self.doc.text().as_bytes()));
                    all.sort();
                }
                all
            }
            None => Vec::new(),
        })
    }

    /// Where all variables of the environment are handed on.
    pub fn environments(&self) -> &[Span] {
        self.environments.get_or_init(|| {
            let words = self.doc.language().map_or(&[][..], |language| &language.sinks.environment);
            self.env_words().environments(words)
        })
    }

    /// What [`literal_in_key_slot`] finds; in a comment it is another rule's.
    pub(super) fn by_place(&self) -> &[Finding] {
        self.by_place.get_or_init(|| literal_in_key_slot::keys(self))
    }

    /// The reads of providers' variables, outside of tests.
    pub(super) fn reads(&self) -> &[Read<'d>] {
        self.reads.get_or_init(|| reads(self))
    }

    /// Every key in the program, outside of tests.
    pub(super) fn sources(&self) -> &[Source<'d>] {
        self.sources.get_or_init(|| sources(self))
    }

    /// The types that hold a key and show it, outside of tests.
    pub(super) fn holders(&self) -> &Holders<'d> {
        self.holders.get_or_init(|| holders(self))
    }

    /// Every object that holds a key, outside of tests.
    pub(super) fn objects(&self) -> &[Object<'d>] {
        self.objects.get_or_init(|| objects::all(self))
    }

    /// The keys of one of several providers, with the names of those.
    pub fn ambiguous(&self) -> &[(Span, Vec<String>)] {
        self.ambiguous.get_or_init(|| ambiguous(self.catalogue(), self.doc.text().as_bytes(), self.runs()))
    }

    /// The keys that stand in the text in pieces or encoded.
    pub fn assembled(&self) -> &[Assembled] {
        self.assembled.get_or_init(|| assembled(self.catalogue(), self.doc, self.runs()))
    }

    /// The file speaks of what a shape asks for beside its key.
    pub fn has_context(&self, shape: &Shape) -> bool {
        shape.context.iter().any(|word| has_word(self.doc.text(), word))
    }

    /// The line of `span`, or a name around it, holds the provider's id, name or variable.
    fn speaks_of(&self, provider: &Provider, span: Span) -> bool {
        let text = self.doc.text();
        let rest = [line_before(&text[..span.start as usize]), line_behind(&text[span.end as usize..])];
        let words = [&provider.id, &provider.env].into_iter().chain(&provider.aliases);
        let words: Vec<String> = words.map(|word| word.to_ascii_lowercase()).collect();
        let before = rest[0];
        let name = nearest_name(before).map_or("", |it| &before[it]).to_ascii_lowercase();
        if ["key", "token", "secret", "bearer", "authorization"].iter().any(|word| name.ends_with(word)) {
            return true;
        }
        rest.iter().any(|part| words.iter().any(|word| has_word(part, word)))
    }

    /// The document is an env file, by its name.
    pub fn is_env_file(&self) -> bool {
        is_env_file(self.doc.path())
    }

    /// The document is a file in which a framework keeps secrets, by its name.
    pub fn is_app_secrets(&self) -> bool {
        is_app_secrets(self.doc.path())
    }

    /// The right place for a key, as long as git ignores it.
    pub fn keeps_secrets(&self) -> bool {
        self.is_env_file() || self.is_app_secrets()
    }

    /// The first line without its end: the place of what is said about a file.
    pub fn first_line(&self) -> Span {
        let first = self.doc.lines().span(0);
        Span { end: first.start + self.doc.slice(first).trim_end().len() as u32, ..first }
    }

    /// A finding about code that holds no secret: it is known again by its place.
    pub fn plain_finding(
        &self,
        rule: &'static str,
        severity: Severity,
        span: Span,
        message: String,
        provider: Option<&Provider>,
    ) -> Finding {
        Finding {
            rule,
            severity,
            span,
            cell: None,
            message,
            provider: provider.map(|it| it.id.clone()),
            secret: None,
            redacted: None,
            fingerprint: Fingerprint { hex: String::new(), weak: true },
            notes: Vec::new(),
        }
    }

    /// The provider's variable that is named in `span`.
    pub fn variable_in(&self, span: Span) -> Option<&str> {
        let inside = self.variables().iter().find(|it| span.contains(**it))?;
        Some(self.doc.slice(*inside))
    }

    /// A finding about a secret at `span`, with everything but the severity decided here.
    pub fn secret_finding(&self, rule: &'static str, severity: Severity, span: Span, about: &About<'_>) -> Finding {
        self.finding_of(self.doc.slice(span), rule, severity, span, about)
    }

    /// The same about a key that stands at `span` in another form.
    pub fn finding_of(
        &self,
        value: &str,
        rule: &'static str,
        severity: Severity,
        span: Span,
        about: &About<'_>,
    ) -> Finding {
        let shape = about.shape.map(|id| self.catalogue().shape(id).1);
        let mut notes = Vec::new();
        if let Some(provider) = about.provider.filter(|provider| !provider.keys_page.is_empty()) {
            notes.push(format!("rotate it at {}", provider.keys_page));
        }
        Finding {
            rule,
            severity,
            span,
            cell: None,
            message: about.message.clone(),
            provider: about.provider.map(|provider| provider.id.clone()),
            secret: Some(span),
            redacted: Some(redact(value, shape)),
            fingerprint: fingerprint(value).unwrap_or(Fingerprint { hex: String::new(), weak: true }),
            notes,
        }
    }
}

/// What a finding says of its secret.
pub struct About<'c> {
    /// The sentence.
    pub message: String,
    /// Whose key it is.
    pub provider: Option<&'c Provider>,
    /// The shape that matched.
    pub shape: Option<crate::secrets::ShapeId>,
}

/// Gives findings about guessable values a fingerprint over their place: rule, path and ordinal.
pub(super) fn number_weak(context: &Context<'_>, findings: &mut [Finding]) {
    let path = context.doc.path().to_string_lossy().replace('\\', "/");
    let mut seen: HashMap<&'static str, usize> = HashMap::new();
    findings.sort_by_key(|finding| finding.span);
    for finding in findings.iter_mut().filter(|finding| finding.fingerprint.hex.is_empty()) {
        let ordinal = seen.entry(finding.rule).or_default();
        finding.fingerprint = weak_fingerprint(finding.rule, &path, *ordinal);
        *ordinal += 1;
    }
}
