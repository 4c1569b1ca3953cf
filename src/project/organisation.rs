//! What an organisation says of every workspace of a machine: `/etc/aikeys/policy.toml`.
//!
//! Settings of a workspace and of the user can be stricter, and nothing here is ever made looser by them. A variable can
//! be changed by whoever starts a program, so `AIKEYS_POLICY` counts only where that file is not there: it makes a machine
//! without a policy stricter (a container, a job of CI, a test), and is no way around one.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::config::{ProjectError, at_line, text_of};
use super::schema;
use crate::rules::{Rule, SETS, Severity, names_rule};
use crate::secrets::discreet;

/// The policy of an organisation.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Organisation {
    /// The stores that keys may lie in: `env`, `local`, `vault`, `aws`, `gcp`, `keyring`, `exec`. All, where nothing says.
    #[schemars(schema_with = "schema::stores")]
    pub allowed_stores: Option<Vec<String>>,
    /// These rules are on everywhere, at least as severe as by themselves: no setting and no argument turns them off.
    #[schemars(schema_with = "schema::rules")]
    pub required_rules: Vec<String>,
    /// Comments in sources silence nothing.
    pub no_inline_ignore: bool,
    /// Keys may lie in a plain `.env`; `false` lets none go there, and reports those that do. True, where nothing says.
    pub plaintext_env: Option<bool>,
    /// How many days a key may live at the most; the rule `old-key` is then on.
    pub max_key_age_days: Option<u64>,
    /// The file that says so; empty where none does.
    #[serde(skip)]
    file: PathBuf,
}

/// Where an administrator puts it.
const SYSTEM: &str = if cfg!(windows) { r"C:\ProgramData\aikeys\policy.toml" } else { "/etc/aikeys/policy.toml" };
/// The variable that names another file where that one is not there.
const VARIABLE: &str = "AIKEYS_POLICY";
/// What stores can be called here.
pub(super) const STORES: [&str; 7] = ["env", "local", "vault", "aws", "gcp", "keyring", "exec"];

const PLAINTEXT: &str = "plaintext-at-rest";
const OLD: &str = "old-key";
const AGES: [&str; 2] = [OLD, "overdue-key"];

impl Organisation {
    /// The policy of this machine; an empty one where there is none. What cannot be read is an error, and never no policy.
    pub fn load() -> Result<Organisation, ProjectError> {
        let absent = |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        if !fs::symlink_metadata(SYSTEM).as_ref().is_err_and(absent) {
            return Organisation::read(Path::new(SYSTEM));
        }
        match std::env::var_os(VARIABLE).filter(|it| !it.is_empty()).map(PathBuf::from) {
            None => Ok(Organisation::default()),
            // What it names must not depend on where a program is started.
            Some(path) if !path.is_absolute() => {
                Err(broken(&path, 1, &format!("{VARIABLE} has to name this file from the root")))
            }
            Some(path) => Organisation::read(&path),
        }
    }

    /// What holds where the policy cannot be read and somebody works on: keys go nowhere, every rule that is on by itself
    /// is on, and nothing silences it.
    pub fn strictest() -> Organisation {
        Organisation {
            allowed_stores: Some(Vec::new()),
            required_rules: vec![SETS[0].to_owned()],
            no_inline_ignore: true,
            plaintext_env: Some(false),
            max_key_age_days: None,
            file: PathBuf::from("a policy that cannot be read"),
        }
    }

    fn read(path: &Path) -> Result<Organisation, ProjectError> {
        // A pipe would be waited for.
        if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
            return Err(broken(path, 1, "this is no regular file"));
        }
        let text = text_of(path).map_err(|error| match error {
            ProjectError::Config { line, message, .. } => broken(path, line, &message),
            other => broken(path, 1, other.to_string().trim_start_matches(&format!("{}: ", path.display()))),
        })?;
        let text = text.ok_or_else(|| broken(path, 1, &format!("there is no such file, and {VARIABLE} names it")))?;
        Organisation::of_text(path, &text)
    }

    fn of_text(path: &Path, text: &str) -> Result<Organisation, ProjectError> {
        let mut policy: Organisation = toml::from_str(text).map_err(|error| match at_line(path, text, &error) {
            ProjectError::Config { line, message, .. } => broken(path, line, &message),
            other => other,
        })?;
        let wrong = |word: &str, message: String| {
            let line = text.lines().position(|line| line.contains(word)).map_or(1, |at| at + 1);
            broken(path, line, &message)
        };
        let is_rule = |rule: &str| SETS.contains(&rule) || Rule::named(rule).is_some();
        if let Some(rule) = policy.required_rules.iter().find(|it| !is_rule(it)) {
            return Err(wrong(rule, format!("this version has no rule {rule:?}: `aikeys-lsp rules` lists them")));
        }
        let mut stores = policy.allowed_stores.iter().flatten();
        if let Some(store) = stores.find(|it| !STORES.contains(&it.as_str())) {
            return Err(wrong(store, format!("there is no store {store:?}: write {}", STORES.join(", "))));
        }
        path.clone_into(&mut policy.file);
        Ok(policy)
    }

    /// The file that says so.
    pub fn file(&self) -> Option<&Path> {
        (!self.file.as_os_str().is_empty()).then_some(self.file.as_path())
    }

    /// It is the one that only an administrator can write.
    pub fn is_of_the_system(&self) -> bool {
        self.file == Path::new(SYSTEM)
    }

    /// What it says something of.
    pub fn subjects(&self) -> Vec<&'static str> {
        let all = [
            ("allowed-stores", self.allowed_stores.is_some()),
            ("required-rules", !self.required_rules.is_empty()),
            ("no-inline-ignore", self.no_inline_ignore),
            ("plaintext-env", self.forbids_plaintext()),
            ("max-key-age-days", self.max_key_age_days.is_some()),
        ];
        all.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
    }

    /// No key may lie in a plain `.env`.
    pub fn forbids_plaintext(&self) -> bool {
        self.plaintext_env == Some(false)
    }

    /// Why no key may lie in a store, by its id (a program of the user's own is `exec`); `None` where one may.
    pub fn refuses(&self, store: &str) -> Option<String> {
        let by = format!("the policy of your organisation ({})", self.file.display());
        if store == "env" && self.forbids_plaintext() {
            return Some(format!("{by} lets no key lie in a plain .env: take another store"));
        }
        let allowed = self.allowed_stores.as_ref().filter(|all| !all.iter().any(|it| it == store))?;
        let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
        Some(format!("{by} does not allow the store {store}; it allows: {allowed}"))
    }

    /// It wants some rules to be on.
    pub fn requires_any(&self) -> bool {
        !self.required_rules.is_empty() || self.forbids_plaintext() || self.max_key_age_days.is_some()
    }

    /// A rule is on whatever settings and arguments say.
    pub fn requires(&self, rule: &str) -> bool {
        names_rule(&self.required_rules, rule)
            || rule == PLAINTEXT && self.forbids_plaintext()
            || AGES.contains(&rule) && self.max_key_age_days.is_some()
    }

    /// The severity of a rule that the settings made so, of one that is `given` by itself.
    pub(super) fn raised(&self, rule: &str, given: Severity, set: Option<Severity>) -> Option<Severity> {
        let least = match self.requires(rule) {
            true if rule == PLAINTEXT && self.forbids_plaintext() => Some(given.max(Severity::Warning)),
            true => Some(given),
            false => None,
        };
        set.max(least)
    }

    /// How many days a key may live, where the settings say so.
    pub(super) fn max_key_age(&self, set: u64) -> u64 {
        self.max_key_age_days.map_or(set, |most| most.min(set))
    }
}

/// Nobody but an administrator can mend it.
fn broken(path: &Path, line: usize, message: &str) -> ProjectError {
    let what = "this is your organisation's policy, and nothing is done without it: ask whoever looks after this machine \
                to mend it";
    ProjectError::Config {
        path: path.display().to_string(),
        line,
        message: format!("{}: {what}", discreet(message.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<Organisation, String> {
        Organisation::of_text(Path::new("policy.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for (text, word) in [
            ("allowed-stores = [\"vualt\"]", "vualt"),
            ("\nrequired-rules = [\"no-such-rule\"]", "policy.toml:2"),
            ("plaintext-env = \"no\"", "policy.toml:1"),
            ("plain-env = false", "unknown field"),
            ("max-key-age-days = -1", "policy.toml:1"),
            ("a = ", "policy.toml:1"),
        ] {
            let error = policy(text).expect_err(text);
            assert!(error.contains(word) && error.contains("ask whoever looks after"), "{error}");
        }
    }

    #[test]
    fn settings_are_raised_and_never_lowered() {
        let some = policy("required-rules = [\"hardcoded-ai-key\"]\nplaintext-env = false").expect("a policy");
        let raised = |rule, set| some.raised(rule, Severity::Error, set);
        assert_eq!(raised("hardcoded-ai-key", None), Some(Severity::Error));
        assert_eq!(raised("hardcoded-ai-key", Some(Severity::Hint)), Some(Severity::Error));
        assert_eq!(raised("key-in-url", None), None);
        assert_eq!(raised("key-in-url", Some(Severity::Hint)), Some(Severity::Hint));
        assert_eq!(some.raised(PLAINTEXT, Severity::Hint, None), Some(Severity::Warning));
        assert_eq!(some.raised(PLAINTEXT, Severity::Hint, Some(Severity::Error)), Some(Severity::Error));
        let none = Organisation::default();
        assert_eq!(none.raised("hardcoded-ai-key", Severity::Error, None), None);
        assert_eq!((none.max_key_age(90), none.requires_any(), none.refuses("env")), (90, false, None));
    }

    #[test]
    fn stores_that_are_not_named_are_refused() {
        let some = policy("allowed-stores = [\"vault\", \"env\"]\nmax-key-age-days = 30").expect("a policy");
        assert_eq!((some.refuses("vault"), some.refuses("env")), (None, None));
        assert!(some.refuses("aws").is_some_and(|it| it.contains("it allows: vault, env")));
        assert_eq!((some.max_key_age(90), some.max_key_age(7), some.requires(OLD)), (30, 7, true));
        let strictest = Organisation::strictest();
        assert!(STORES.iter().all(|store| strictest.refuses(store).is_some()));
        assert!(strictest.requires("hardcoded-ai-key") && strictest.requires(PLAINTEXT));
        assert!(policy("").expect("an empty one").subjects().is_empty());
    }
}
