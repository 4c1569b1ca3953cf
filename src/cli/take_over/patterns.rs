//! Patterns of paths: a regular expression of another tool as a pattern of `.gitignore`; and the hash that others use.

use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;
use regex::Regex;

/// The pattern that leaves out the same paths, where it is one of the common forms and does so for all `files`.
pub(super) fn glob(pattern: &Regex, files: &[PathBuf]) -> Option<String> {
    let glob = converted(pattern.as_str())?;
    let same = |path: &PathBuf| {
        let text = path.to_string_lossy().replace('\\', "/");
        pattern.is_match(&text) == fit(std::slice::from_ref(&glob), path)
    };
    files.iter().all(same).then_some(glob)
}

/// One of the patterns leaves a path out.
pub(super) fn fit(globs: &[String], path: &Path) -> bool {
    let mut builder = GitignoreBuilder::new("");
    let are_read = globs.iter().all(|glob| builder.add_line(None, glob).is_ok());
    are_read && builder.build().is_ok_and(|it| it.matched_path_or_any_parents(path, false).is_ignore())
}

/// `^tests/fixtures/`, `(^|/)vendor/`, `.*_test\.go$` …: a literal path with an open or a closed end on either side.
fn converted(pattern: &str) -> Option<String> {
    const ANY: [&str; 4] = ["(.*?)", "(.*)", ".*?", ".*"];
    let mut rest = pattern;
    let start = if let Some(inner) = rest.strip_prefix('^') {
        rest = inner;
        "/"
    } else if let Some(inner) = ["(^|/)", "(?:^|/)", "(^|\\/)"].iter().find_map(|it| rest.strip_prefix(it)) {
        rest = inner;
        "**/"
    } else {
        "**/*"
    };
    let start = match ANY.iter().find_map(|it| rest.strip_prefix(it)) {
        Some(inner) => {
            rest = inner;
            "**/*"
        }
        None => start,
    };
    let end = if let Some(inner) = ["(/|$)", "(?:/|$)", "($|/)"].iter().find_map(|it| rest.strip_suffix(it)) {
        rest = inner;
        ""
    } else if let Some(inner) = rest.strip_suffix('$') {
        rest = inner;
        match ANY.iter().find_map(|it| rest.strip_suffix(it)) {
            Some(inner) => {
                rest = inner;
                "*"
            }
            None => "",
        }
    } else {
        rest = ANY.iter().find_map(|it| rest.strip_suffix(it)).unwrap_or(rest);
        "*"
    };
    let path = literal(rest)?;
    if path.is_empty() || path == "/" {
        return None;
    }
    let end = if path.ends_with('/') { "" } else { end };
    Some(match (start, path.trim_end_matches('/').contains('/')) {
        // In `.gitignore` a name without `/` stands for every folder.
        ("**/*", false) => format!("*{path}{end}"),
        ("**/", false) => format!("{path}{end}"),
        _ => format!("{start}{path}{end}"),
    })
}

/// The text that a pattern stands for; `None` where it stands for more than one, but for a part of a name.
fn literal(pattern: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = ["[^/]*", "[^/]+", "[^\\/]+"].iter().find_map(|it| rest.strip_prefix(it)) {
            text.push('*');
            rest = inner;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = rest.chars().next().filter(|c| "./-_ ".contains(*c))?;
                text.push(escaped);
                rest = &rest[escaped.len_utf8()..];
            }
            c if c.is_alphanumeric() || "/-_ ".contains(c) => text.push(c),
            _ => return None,
        }
    }
    Some(text)
}

/// What detect-secrets knows a value by.
pub(super) fn sha1(value: &str) -> Option<String> {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(value.as_bytes());
    Some(hasher.try_finalize().ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_patterns_have_an_equal() {
        let files: Vec<PathBuf> = [
            "tests/fixtures/a.py",
            "src/tests/fixtures/a.py",
            "vendor/a.js",
            "my-vendor/a.js",
            "src/a_test.go",
            "src/vendor/x",
            "package-lock.json",
            "app/package-lock.json",
            "README.md",
        ]
        .map(PathBuf::from)
        .into();
        let glob = |pattern: &str| super::glob(&Regex::new(pattern).expect("a pattern"), &files);
        for (pattern, expected) in [
            (r"^tests/fixtures/", "/tests/fixtures/"),
            (r"tests/fixtures/.*", "**/*tests/fixtures/"),
            (r"(^|/)vendor/", "vendor/"),
            (r"vendor/", "*vendor/"),
            (r"(.*?)_test\.go$", "*_test.go"),
            (r"(^|/)package-lock\.json$", "package-lock.json"),
            (r"^README\.md$", "/README.md"),
            (r"^src/[^/]+\.go$", "/src/*.go"),
        ] {
            assert_eq!(glob(pattern).as_deref(), Some(expected), "{pattern}");
        }
        for pattern in [r"(jpg|png)$", r"test.*fixtures", r"(?i)readme", r".*", r"^$"] {
            assert_eq!(glob(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn the_hash_is_sha1() {
        assert_eq!(sha1("abc").as_deref(), Some("a9993e364706816aba3e25717850c26c9cd0d89d"));
    }
}
