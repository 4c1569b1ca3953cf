//! What a program of the corpus is: its `case.toml`, its files, its generated keys.

use anyhow::{Context, Result, bail, ensure};
use regex::{Captures, Regex};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// `case.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Where the key stands, in a sentence.
    pub about: String,
    /// The command. `$STANDIN_URL` and `$BIN` are filled in; without it `python main.py`, `node main.mjs`, `bash main.sh`, or the built program.
    #[serde(default)]
    pub run: Vec<String>,
    /// Every request, as `header: Scheme {shape.id}`; the scheme may be missing.
    #[serde(default)]
    pub sends: Vec<String>,
    /// What reads the settings in `file`.
    pub reader: Option<super::settings::Reader>,
    pub file: Option<String>,
    /// The workspace is a git repository.
    #[serde(default)]
    pub git: bool,
    /// Files that git tracks before the move.
    #[serde(default)]
    pub track: Vec<String>,
    /// Source files get CRLF line ends.
    #[serde(default)]
    pub crlf: bool,
    /// Source files start with a byte order mark.
    #[serde(default)]
    pub bom: bool,
    /// After a move to `.env` the program must start by itself, without `aikeys-lsp run`.
    #[serde(default)]
    pub direct: bool,
    /// `.env` must keep its bytes.
    #[serde(default)]
    pub env_unchanged: bool,
    /// The product may leave a key in place if its output holds this word.
    pub may_refuse: Option<String>,
    /// Only these stores.
    #[serde(default = "both")]
    pub stores: Vec<Store>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    Env,
    Local,
    Vault,
    Aws,
    Gcp,
    Keyring,
    Pass,
}

impl Store {
    pub fn name(self) -> &'static str {
        match self {
            Store::Env => "env",
            Store::Local => "local",
            Store::Vault => "vault",
            Store::Aws => "aws",
            Store::Gcp => "gcp",
            Store::Keyring => "keyring",
            Store::Pass => "pass",
        }
    }
}

fn both() -> Vec<Store> {
    vec![Store::Env, Store::Local]
}

pub struct Case {
    pub name: String,
    pub spec: Spec,
    /// Relative path and text, placeholders filled in.
    pub files: BTreeMap<PathBuf, String>,
    /// Placeholder and key.
    pub keys: BTreeMap<String, String>,
}

impl Case {
    /// What the stand-in must note down, sorted.
    pub fn expected(&self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for line in &self.spec.sends {
            let (header, value) = line.split_once(": ").context("`sends` wants `header: value`")?;
            let (scheme, placeholder) = value.rsplit_once(' ').unwrap_or(("", value));
            let name = placeholder.trim_start_matches('{').trim_end_matches('}');
            let key = self.keys.get(name).with_context(|| format!("`sends` names {name}, no file does"))?;
            all.push(super::standin::arrival(header, scheme, key));
        }
        all.sort();
        Ok(all)
    }

    /// The text names a part of a key. Twelve characters out of the last 24: a prefix and the last four may be shown.
    pub fn leaks(&self, text: &[u8]) -> bool {
        self.keys.values().any(|key| {
            let tail = &key.as_bytes()[key.len().saturating_sub(24)..];
            tail.windows(12).any(|window| contains(text, window))
        })
    }

    /// The same text with every key taken out, for messages.
    pub fn redact(&self, text: &str) -> String {
        self.keys.iter().fold(text.to_owned(), |text, (name, key)| {
            let body = &key[key.len().saturating_sub(24)..];
            text.replace(key, &format!("<{name}>")).replace(body, "<end of a key>")
        })
    }

    pub fn original(&self, name: &str) -> Option<&str> {
        self.files.get(Path::new(name)).map(String::as_str)
    }

    /// Writes the files of the program into an empty folder.
    pub fn lay(&self, root: &Path) -> Result<()> {
        for (path, text) in &self.files {
            let target = root.join(path);
            fs::create_dir_all(target.parent().context("a file without a folder")?)?;
            fs::write(&target, text)?;
            if path.ends_with(".env") {
                only_mine(&target)?;
            }
        }
        Ok(())
    }
}

pub fn contains(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && memchr::memmem::find(text, part).is_some()
}

/// All programs of one language, in the order of their names.
pub fn load(language: &str) -> Result<Vec<Case>> {
    let root = folder(language);
    let only = std::env::var("SURVIVAL_ONLY").unwrap_or_default();
    let mut cases = Vec::new();
    for entry in fs::read_dir(&root).with_context(|| format!("cannot list {}", root.display()))? {
        let path = entry?.path();
        let name = path.file_name().context("no name")?.to_string_lossy().into_owned();
        if path.join("case.toml").is_file() && name.contains(&only) {
            cases.push(read(&path, name)?);
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    ensure!(!cases.is_empty(), "no program in tests/survival/{language} holds {only:?} in its name");
    Ok(cases)
}

pub fn folder(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/survival").join(language)
}

fn read(folder: &Path, name: String) -> Result<Case> {
    let text = fs::read_to_string(folder.join("case.toml"))?;
    let spec: Spec = toml::from_str(&text).with_context(|| format!("{name}/case.toml"))?;
    ensure!(
        !spec.about.is_empty() && spec.sends.is_empty() == spec.reader.is_some(),
        "{name}/case.toml: `about` and `sends`, or `about` and `reader`, must say something"
    );
    let mut case = Case { name, spec, files: BTreeMap::new(), keys: BTreeMap::new() };
    collect(folder, folder, &mut case)?;
    case.expected().with_context(|| case.name.clone())?;
    for argument in case.spec.run.clone() {
        fill(&argument, &case.name, &mut case.keys)?;
    }
    Ok(case)
}

fn collect(root: &Path, folder: &Path, case: &mut Case) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, case)?;
            continue;
        }
        let relative = path.strip_prefix(root)?;
        if relative == Path::new("case.toml") {
            continue;
        }
        // Dotfiles would act on this repository, so they lie here under another name.
        let parts = relative.iter().map(|part| part.to_string_lossy());
        let named = parts.map(|part| part.strip_prefix("dot-").map_or(part.to_string(), |rest| format!(".{rest}")));
        let hidden: PathBuf = named.collect();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut text = fill(&text, &case.name, &mut case.keys)?;
        let is_source = matches!(path.extension().and_then(|e| e.to_str()), Some("py" | "rs"));
        if is_source && case.spec.crlf {
            text = text.replace('\n', "\r\n");
        }
        if is_source && case.spec.bom {
            text.insert(0, '\u{feff}');
        }
        case.files.insert(hidden, text);
    }
    Ok(())
}

/// Puts generated keys where placeholders of known shapes stand, and parts of them where these end in `:8..60`; other
/// braces stay as they are.
pub fn fill(text: &str, case: &str, keys: &mut BTreeMap<String, String>) -> Result<String> {
    static PLACEHOLDER: LazyLock<Result<Regex, regex::Error>> =
        LazyLock::new(|| Regex::new(r"\{([a-z0-9-]+\.[a-z0-9-]+)(#[0-9]+)?(?::([0-9]*)\.\.([0-9]*))?\}"));
    let placeholder = PLACEHOLDER.as_ref().map_err(Clone::clone)?;
    let mut unknown = None;
    let filled = placeholder.replace_all(text, |found: &Captures<'_>| {
        let name = found[0].trim_matches(['{', '}']).split(':').next().unwrap_or("").to_owned();
        let end = |group| found.get(group).and_then(|it: regex::Match<'_>| it.as_str().parse().ok());
        let part = |key: &str| key[end(3).unwrap_or(0)..end(4).unwrap_or(key.len()).min(key.len())].to_owned();
        if let Some(key) = keys.get(&name) {
            return part(key);
        }
        match aikeys::secrets::sample(&found[1], seed(case, &name)) {
            Some(key) => {
                keys.insert(name, key.clone());
                part(&key)
            }
            None => {
                if found.get(2).is_some() {
                    unknown = Some(name);
                }
                found[0].to_owned()
            }
        }
    });
    let filled = filled.into_owned();
    if let Some(name) = unknown {
        bail!("{case}: no shape is called {name}");
    }
    Ok(filled)
}

/// Every program has its own keys, and has them in every run.
fn seed(case: &str, name: &str) -> u64 {
    [case, "/", name]
        .concat()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(unix)]
fn only_mine(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

#[cfg(not(unix))]
fn only_mine(_: &Path) -> Result<()> {
    Ok(())
}
