//! Env files that an agent would read: named by a tool, or by a command of the shell.
//!
//! A command that names an env file is refused, but for those that show nothing of it. That catches what agents write,
//! and nobody who wants to get around it: a program that opens the file under a name that it builds is not seen.

use std::path::Path;

use ignore::gitignore::GitignoreBuilder;

use super::refusal::Refusal;
use crate::secrets::is_env_file;

/// Programs that show nothing of a file that they name.
const HARMLESS: [&str; 15] = [
    "ls",
    "stat",
    "test",
    "[",
    "[[",
    "touch",
    "chmod",
    "chown",
    "rm",
    "echo",
    "printf",
    "tee",
    "mkdir",
    "aikeys-lsp",
    "du",
];
/// Programs whose last word is what they write.
const COPIES: [&str; 3] = ["cp", "mv", "install"];
/// What git prints of a file. Of the rest, texts of commits name files as well.
const GIT_SHOWS: [&str; 9] = ["show", "diff", "log", "cat-file", "grep", "blame", "annotate", "archive", "stash"];
/// What a pattern is tried on.
const NAMES: [&str; 6] = [".env", ".env.local", ".env.production", ".env.development", ".envrc", ".dev.vars"];

/// Why a tool may not read this file, or the files of this pattern.
pub(super) fn env_file(name: &str) -> Option<Refusal> {
    names_env_file(name).then(|| Refusal::Read { name: name.to_owned() })
}

/// Why a command may not run: it shows an env file.
pub(super) fn env_read(command: &str) -> Option<Refusal> {
    parts(command).iter().find_map(|words| {
        let program = words.iter().find(|word| !word.contains('=')).map_or("", String::as_str);
        let program = program.rsplit('/').next().unwrap_or("");
        let shows = match program {
            "git" => words.iter().any(|word| GIT_SHOWS.contains(&word.as_str())),
            program => !HARMLESS.contains(&program),
        };
        let read = if COPIES.contains(&program) { &words[..words.len() - 1] } else { words };
        let name = read.iter().find(|word| names_env_file(word)).filter(|_| shows)?;
        Some(Refusal::Read { name: name.clone() })
    })
}

/// The simple commands in a command, each in words, without what their output is written to. This is no shell: quotes end
/// words as blanks do, so that a file that a program in another language names is a word as well.
fn parts(command: &str) -> Vec<Vec<String>> {
    let mut parts: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    // The next word is where output goes.
    let mut is_target = false;
    let end = |word: &mut String, parts: &mut Vec<Vec<String>>, is_target: &mut bool| {
        if !word.is_empty() {
            let word = std::mem::take(word);
            if !std::mem::take(is_target)
                && let Some(part) = parts.last_mut()
            {
                part.push(word);
            }
        }
    };
    for c in command.chars() {
        match c {
            ' ' | '\t' | '"' | '\'' | ',' | '\\' => end(&mut word, &mut parts, &mut is_target),
            '>' => {
                end(&mut word, &mut parts, &mut is_target);
                is_target = true;
            }
            '<' => {
                end(&mut word, &mut parts, &mut is_target);
                is_target = false;
                // `$(< .env)` has no program, and `cat < .env` has one that shows.
                parts.push(vec!["<".to_owned()]);
            }
            '\n' | ';' | '|' | '&' | '(' | ')' | '`' | '{' | '}' => {
                end(&mut word, &mut parts, &mut is_target);
                is_target = false;
                parts.push(Vec::new());
            }
            c => word.push(c),
        }
    }
    end(&mut word, &mut parts, &mut is_target);
    parts
}

/// A word is the name of an env file, or a pattern that one fits.
fn names_env_file(word: &str) -> bool {
    // `--env-file=.env`, `f=.env`, `@.env`, `HEAD:.env`
    let word = word.rsplit(['=', '@', ':']).next().unwrap_or(word);
    let name = word.rsplit(['/', '\\']).next().unwrap_or("");
    // What programs read is no file; what a search leaves out is not read.
    if ["process.env", "meta.env", "import.meta.env"].contains(&name) || word.starts_with('!') {
        return false;
    }
    if !name.contains(['*', '?', '[']) {
        return is_env_file(Path::new(name));
    }
    // A shell's `*` leaves out what begins with a dot.
    if !name.starts_with('.') {
        return false;
    }
    let mut pattern = GitignoreBuilder::new("");
    let Ok(pattern) = pattern.add_line(None, name).and_then(|it| it.build()) else { return false };
    NAMES.iter().any(|name| pattern.matched(name, false).is_ignore())
}
