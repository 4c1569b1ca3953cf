//! `rotate --emit`: a job that starts this program, for the system that starts it. Texts lie beside this, and are filled
//! with names; nothing in them holds a key.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::accounts::known;
use crate::cli::args::System;
use crate::cli::{CLEAN, FAILED, visible};
use crate::project::{Workspace, references_of_variables};
use crate::secrets::{SecretRef, without_keys};
use crate::stores::{store_id, store_name};

/// A file of a job: its name, its text, and whether it can be started.
type File = (&'static str, &'static str, bool);

const GITHUB: &[File] = &[("rotate-keys.yml", include_str!("jobs/github-actions.yml"), false)];
const SYSTEMD: &[File] = &[
    ("aikeys-rotate.service", include_str!("jobs/aikeys-rotate.service"), false),
    ("aikeys-rotate.timer", include_str!("jobs/aikeys-rotate.timer"), false),
];
const LAMBDA: &[File] = &[
    ("README.md", include_str!("jobs/aws-lambda.md"), false),
    ("bootstrap", include_str!("jobs/bootstrap"), true),
    ("policy.json", include_str!("jobs/policy.json"), false),
];
const PUBSUB: &[File] =
    &[("Dockerfile", include_str!("jobs/Dockerfile"), false), ("setup.sh", include_str!("jobs/setup.sh"), true)];

/// What opens an account without an administrator's key.
const LOGIN: &str = "AWS_PROFILE";

/// What a job is filled with.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    /// The workspace's name.
    name: String,
    /// The variables of administrators' keys, and whose they are.
    admins: BTreeMap<String, String>,
    /// The stores that references lead to, by their ids.
    stores: BTreeSet<String>,
    /// The names of the secrets in the store of the job.
    secrets: BTreeSet<String>,
    /// References whose names cannot stand in a script.
    left_out: Vec<String>,
}

/// Prints a job, or writes its files. Exit code 2 says that a secret is missing in it.
pub(super) fn command(system: System, folder: Option<&Path>, workspace: &Workspace, out: &mut dyn Write) -> Result<u8> {
    let (files, backend) = match system {
        System::GithubActions => (GITHUB, None),
        System::Systemd => (SYSTEMD, None),
        System::AwsLambda => (LAMBDA, Some("awssecrets")),
        System::GcpPubsub => (PUBSUB, Some("gcpsecrets")),
    };
    let facts = facts(workspace, backend);
    if let Some(backend) = backend.filter(|_| facts.secrets.is_empty() && facts.left_out.is_empty()) {
        bail!(
            "no env file here refers to {} for a key that can be rotated by its provider's account: this job rotates \
             such keys only",
            store_name(backend)
        );
    }
    ensure!(
        !facts.admins.is_empty(),
        "no key of this workspace belongs to a provider that makes keys for an administrator's key: neither aikeys.lock \
         nor an env file names one"
    );
    let texts: Vec<(&str, String, bool)> =
        files.iter().map(|(name, text, starts)| (*name, filled(text, &facts), *starts)).collect();
    match folder {
        Some(folder) => write_all(folder, &texts, out)?,
        None => {
            for (name, text, _) in &texts {
                if texts.len() > 1 {
                    writeln!(out, "==> {name} <==")?;
                }
                write!(out, "{text}")?;
            }
        }
    }
    for missing in &facts.left_out {
        writeln!(io::stderr(), "error: left out: {}", crate::secrets::visible(missing))?;
    }
    Ok(if facts.left_out.is_empty() { CLEAN } else { FAILED })
}

/// Nothing that is there is replaced: somebody may have set it.
fn write_all(folder: &Path, texts: &[(&str, String, bool)], out: &mut dyn Write) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", visible(folder)))?;
    for (name, _, _) in texts {
        let path = folder.join(name);
        ensure!(
            fs::symlink_metadata(&path).is_err(),
            "{} is there already: take it away, or name another folder",
            visible(&path)
        );
    }
    for (name, text, starts) in texts {
        let path = folder.join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if *starts { 0o755 } else { 0o644 });
        #[cfg(not(unix))]
        let _ = starts;
        let written = options.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("{} cannot be written", visible(&path)))?;
        writeln!(out, "wrote {}", visible(&path))?;
    }
    Ok(())
}

/// What of a workspace a job needs to know.
fn facts(workspace: &Workspace, backend: Option<&str>) -> Facts {
    let mut facts = Facts { name: workspace.name().to_owned(), ..Facts::default() };
    let catalogue = workspace.catalogue();
    let listed = workspace.lock().map(|it| it.listed.clone()).unwrap_or_default();
    let references = references_of_variables(workspace);
    let provider_of = |variable: &str| {
        let listed = listed.iter().find(|it| it.variable == variable).map(|it| it.provider.as_str());
        let id = listed.or_else(|| Some(catalogue.provider_of_env(variable)?.id.as_str()))?;
        // Amazon's are made by a login, which each system has in its own way.
        known(id).filter(|it| it.abilities.create && it.admin != LOGIN).map(|it| (it.admin, id.to_owned()))
    };
    let variables: BTreeSet<&str> =
        listed.iter().map(|it| it.variable.as_str()).chain(references.keys().map(String::as_str)).collect();
    for variable in variables {
        let own = references.get(variable).into_iter().flatten();
        facts.stores.extend(own.clone().map(|it| store_id(&it.backend).to_owned()));
        let Some((admin, id)) = provider_of(variable) else { continue };
        let of_job: Vec<&SecretRef> = own.filter(|it| Some(it.backend.as_str()) == backend).collect();
        if backend.is_some() && of_job.is_empty() {
            continue;
        }
        let name = catalogue.provider(&id).map_or(id.as_str(), |it| it.name.as_str());
        facts.admins.insert(admin.to_owned(), name.to_owned());
        for at in of_job {
            match secret_name(at) {
                Some(name) => drop(facts.secrets.insert(name)),
                None => facts.left_out.push(format!("{at}: no script can name it")),
            }
        }
    }
    facts
}

/// The name that commands take: only what means nothing to a shell. A reference comes with a repository.
fn secret_name(at: &SecretRef) -> Option<String> {
    let name = match at.path.split_once(":secret:") {
        Some((start, name)) if start.starts_with("arn:") => {
            name.rsplit_once('-').filter(|(_, end)| end.len() == 6).map_or(name, |(name, _)| name)
        }
        _ if at.backend == "gcpsecrets" => at.path.split_once('/')?.1,
        _ => &at.path,
    };
    let plain = |it: char| it.is_ascii_alphanumeric() || "/_+=.@-".contains(it);
    let fits = !name.is_empty() && !name.starts_with('-') && name.chars().all(plain) && without_keys(name) == name;
    fits.then(|| name.to_owned())
}

/// Fills a text. A line about one of several things stands once for each, and one about a store (`#vault …`) only where
/// references lead there.
fn filled(template: &str, facts: &Facts) -> String {
    let mut text = String::new();
    for line in template.lines() {
        let about = ["vault", "aws", "gcp"].iter().find_map(|it| Some((*it, line.strip_prefix(&format!("#{it} "))?)));
        let line = match about {
            Some((store, _)) if !facts.stores.contains(store) => continue,
            Some((_, line)) if line.starts_with("- ") || line.starts_with("  `") => format!("# {line}"),
            Some((_, line)) => line.to_owned(),
            None => line.to_owned(),
        };
        let line = line.replace("@NAME@", &facts.name).replace("@VERSION@", env!("CARGO_PKG_VERSION"));
        let mut lines = vec![line.clone()];
        if line.contains("@ADMIN@") {
            let one =
                |(admin, provider): (&String, &String)| line.replace("@ADMIN@", admin).replace("@PROVIDER@", provider);
            lines = facts.admins.iter().map(one).collect();
        } else if line.contains("@SECRET@") {
            lines = facts.secrets.iter().map(|it| line.replace("@SECRET@", it)).collect();
        }
        // The last of a list has nothing behind it.
        let is_list = line.contains("@ADMIN@") || line.contains("@SECRET@");
        if let Some(last) = lines.last_mut().filter(|it| is_list && it.ends_with(',')) {
            last.pop();
        }
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}
