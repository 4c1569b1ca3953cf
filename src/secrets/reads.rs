//! Where a text reads a provider's variable, without a tree.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use super::catalogue::Catalogue;
use crate::text::Span;

/// What every read of a variable holds: `environ[…]`, `getenv(…)`, `env::var(…)`, `env!(…)`, `env.NAME`, `ENV[…]`,
/// `GetEnvironmentVariable(…)`.
static ENV: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(["env", "ENV", "Env"]).expect("three short words"));
/// How long each of them is.
const WORD: usize = 3;
/// What takes a variable into the build of an image.
static BUILDS: LazyLock<[Finder<'_>; 2]> = LazyLock::new(|| [Finder::new(b"ARG "), Finder::new(b"ENV ")]);
/// How far behind it the variable begins at the most: `iron.setdefault("`.
const NEAR: usize = 24;

/// Where a text has words for the environment. Two questions are asked of them, and they are looked for once.
pub struct EnvWords<'t> {
    text: &'t [u8],
    /// Where each word ends.
    ends: Vec<usize>,
}

impl<'t> EnvWords<'t> {
    /// Looks for them.
    pub fn of(text: &'t [u8]) -> EnvWords<'t> {
        EnvWords { text, ends: ENV.find_iter(text).map(|it| it.end()).collect() }
    }

    /// Where the text names a provider's variable right behind one, and where it embeds an env file.
    ///
    /// Nearly every file has none: this decides whether it is parsed.
    pub fn variables_read(&self, catalogue: &Catalogue) -> Vec<Span> {
        let mut found: Vec<Span> = self.ends.iter().filter_map(|end| variable_at(catalogue, self.text, *end)).collect();
        found.dedup();
        found
    }

    /// Where one of `wholes` stands whole, each of which holds a word for the environment.
    pub fn environments(&self, wholes: &[String]) -> Vec<Span> {
        let text = self.text;
        let mut found = Vec::new();
        if self.ends.is_empty() {
            return found;
        }
        for whole in wholes {
            let Some(inside) = ENV.find(whole).map(|it| it.end()) else { continue };
            let at = |end: &usize| {
                let start = end.checked_sub(inside)?;
                let rest = &text[start..];
                let is_part = |byte: Option<&u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_');
                let before = start.checked_sub(1).and_then(|it| text.get(it));
                let is_whole =
                    rest.starts_with(whole.as_bytes()) && !is_part(before) && !is_part(rest.get(whole.len()));
                // Only where all of it is handed on.
                let ends = rest.get(whole.len()).is_some_and(|it| b"), ]}\n\r".contains(it));
                (is_whole && ends).then(|| Span::new(start, start + whole.len()))
            };
            found.extend(self.ends.iter().filter_map(at));
        }
        found.sort();
        found.dedup();
        found
    }
}

/// Where an instruction takes a provider's variable into the build of an image: `ARG NAME`, `ENV NAME=$NAME`.
pub fn variables_built(catalogue: &Catalogue, text: &[u8]) -> Vec<Span> {
    let places = BUILDS.iter().flat_map(|word| word.find_iter(text).map(|at| at + word.needle().len()));
    let variable = |at: usize| {
        let rest = &text[at..];
        let end = rest.iter().position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_').unwrap_or(rest.len());
        let name = std::str::from_utf8(&rest[..end]).ok()?;
        (name.contains('_') && catalogue.provider_of_env(name).is_some()).then_some(Span::new(at, at + end))
    };
    places.filter_map(variable).collect()
}

fn variable_at(catalogue: &Catalogue, text: &[u8], at: usize) -> Option<Span> {
    // `include_str!(".env")`, `println!("cargo:rustc-env=NAME=…")`
    let embeds = text[..at].ends_with(b".env") && text[at..].first().is_some_and(|&byte| byte == b'"' || byte == b'.');
    let line = &text[at.saturating_sub(2 * NEAR)..at];
    if embeds && memchr::memmem::find(line, b"include_").is_some() {
        return Some(Span::new(at - WORD, at));
    }
    let open = match text.get(at) {
        Some(b'=' | b'.') if text[at + 1..].first().is_some_and(u8::is_ascii_uppercase) => at,
        _ => at + text[at..text.len().min(at + NEAR)].iter().position(|&byte| byte == b'"' || byte == b'\'')?,
    };
    let rest = &text[open + 1..];
    let end = rest.iter().position(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_')?;
    let name = std::str::from_utf8(&rest[..end]).ok()?;
    // In a notebook, `os.environ[\"X\"]`.
    let escaped = rest[end] == b'\\' && text[..open].ends_with(b"\\") && rest.get(end + 1) == text.get(open);
    let closed = escaped || rest[end] == text[open] || rest[end] == b'=' || text[open] == b'.';
    let known = || catalogue.provider_of_env(name).is_some() || catalogue.provider_of_public(name).is_some();
    (closed && name.contains('_') && known()).then_some(Span::new(open + 1, open + 1 + end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_found_in_all_forms() {
        let reads = |text: &str| {
            let found = EnvWords::of(text.as_bytes()).variables_read(Catalogue::built_in());
            found.iter().map(|it| text[it.range()].to_owned()).collect::<Vec<_>>()
        };
        let name = "OPENAI_API_KEY";
        for form in [
            "os.environ[\"{}\"]",
            "os.environ.get('{}')",
            "getenv(\"{}\", \"\")",
            "std::env::var(\"{}\")",
            "env::var_os(\"{}\")",
            "option_env!(\"{}\")",
            "Environment.GetEnvironmentVariable(\"{}\")",
            "ENV.fetch(\"{}\")",
            "ENV['{}']",
            "$_ENV['{}']",
            "println!(\"cargo:rustc-env={}={key}\")",
        ] {
            assert_eq!(reads(&form.replace("{}", name)), [name], "{form}");
        }
        assert_eq!(reads("include_str!(\"../.env\")"), ["env"]);
        for build in ["ARG OPENAI_API_KEY", "FROM a\nENV OPENAI_API_KEY=$A\n"] {
            assert_eq!(variables_built(Catalogue::built_in(), build.as_bytes()).len(), 1);
        }
        for text in [
            "ARG MODEL",
            "env!(\"CARGO_PKG_NAME\")",
            "os.environ[\"HOME\"]",
            "the environment \"OPENAI\"",
            "env",
            "env\"",
            "env=",
        ] {
            assert!(reads(text).is_empty(), "{text}");
        }
    }
}
