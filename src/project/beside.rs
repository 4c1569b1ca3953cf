//! What lies around an env file: few files of its folder are read, and those above it. And what lies beside a file that
//! copies all.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::files::read_small;
use super::holding::mentioned;
use super::workspace::Workspace;
use crate::fixes::{Audience, Beside, EnvFile, LOCK, leaves_out, packing_files};
use crate::rules::wanted_mentions;
use crate::secrets::{Catalogue, classify, env_lines, env_value, is_env_file, is_env_template};
use crate::syntax::{Copies, Document, EnvLoader};

/// The names of a folder that are looked at, and the files that are read, at the most.
const NAMES: usize = 5_000;
const FILES: usize = 60;
/// How long a key may live where no setting says, in days.
const KEY_AGE: u64 = 90;

impl Workspace {
    /// What a check needs to know around an env file at this path from the root; nothing is read for another file.
    pub fn beside(&self, relative: &Path) -> Beside {
        if let Some(lock) = self.lock().filter(|_| relative == Path::new(LOCK)) {
            return Beside { mentioned: self.uses_of(lock), ..Beside::default() };
        }
        if !is_env_file(relative) {
            return Beside::default();
        }
        let wanted = text(self.root(), relative).map(|it| wanted_mentions(self.catalogue(), &it)).unwrap_or_default();
        let mentioned = (!wanted.is_empty() && self.is_bounded()).then(|| mentioned(self, &wanted));
        let unchanged = self.unchanged(relative);
        Beside { mentioned, unchanged, ..beside(self.root(), relative) }
    }

    /// Nobody wrote to the file for so many days, where that is longer than a key may live.
    fn unchanged(&self, relative: &Path) -> Option<u64> {
        let limit = self.config(relative).ok()?.max_key_age_days.unwrap_or(KEY_AGE);
        let limit = self.organisation().max_key_age(limit);
        let written = fs::metadata(self.root().join(relative)).ok()?.modified().ok()?;
        let days = SystemTime::now().duration_since(written).ok()?.as_secs() / (24 * 60 * 60);
        (days > limit).then_some(days)
    }

    /// One of these files is there, from the root.
    pub(super) fn has_one_of(&self, files: &[String]) -> bool {
        files.iter().any(|file| fs::symlink_metadata(self.root().join(file)).is_ok())
    }

    /// The env files with secrets that a file which copies may take: the one beside it, and those that it names, from the
    /// folder of the build. That is its own or one above; an ignore file in any of them leaves out.
    pub(super) fn copied(&self, relative: &Path, copies: &Copies) -> Vec<String> {
        let Some(steps) = text(self.root(), relative) else { return Vec::new() };
        let quotes = ['"', '\'', ',', '[', ']'];
        let words = steps.split_whitespace().map(|it| it.trim_matches(quotes).trim_start_matches("./"));
        let mut paths: Vec<&str> = words.filter(|it| !it.contains('*') && is_env_file(Path::new(it))).collect();
        paths.push(".env");
        paths.sort_unstable();
        paths.dedup();
        let own = relative.parent().unwrap_or(Path::new(""));
        let folders: Vec<&Path> = own.ancestors().filter(|_| !relative.is_absolute()).collect();
        let name = relative.file_name().unwrap_or_default().to_string_lossy();
        let ignores = [own.join(format!("{name}{}", copies.ignore))];
        let ignores = folders.iter().map(|it| it.join(&copies.ignore)).chain(ignores);
        let ignores: Vec<String> = ignores.filter_map(|it| text(self.root(), &it)).collect();
        let is_taken = |path: &&str| {
            let name = Path::new(path).file_name().and_then(|it| it.to_str()).unwrap_or(path);
            let places = if *path == ".env" { &folders[..1.min(folders.len())] } else { &folders[..] };
            let has_secrets = |folder: &&Path| {
                text(self.root(), &folder.join(path)).is_some_and(|it| holds_secrets(self.catalogue(), &it))
            };
            !ignores.iter().any(|it| leaves_out(it, name) || leaves_out(it, path)) && places.iter().any(has_secrets)
        };
        paths.into_iter().filter(is_taken).map(str::to_owned).take(FILES).collect()
    }
}

fn beside(root: &Path, env: &Path) -> Beside {
    let folder = env.parent().unwrap_or(Path::new(""));
    let mut found = Beside { audience: audience(&root.join(env)), ..Beside::default() };
    let mut add = |loader: &'static EnvLoader| {
        if !found.loaders.iter().any(|it| std::ptr::eq(*it, loader)) {
            found.loaders.push(loader);
        }
    };
    let own = files(root, folder);
    for path in own.iter().filter(|it| EnvLoader::is_told_in(it)).take(FILES) {
        text(root, path).iter().flat_map(|text| EnvLoader::named_in(path, text)).for_each(&mut add);
    }
    // Outside of the workspace nothing above is ours. What is started there may have an env file of its own.
    let above = folder.ancestors().skip(1).filter(|_| !env.is_absolute()).flat_map(|it| files(root, it));
    for path in above.filter(|it| EnvLoader::is_wanted_in(it)).take(FILES) {
        text(root, &path).iter().flat_map(|text| EnvLoader::wanted_in(&path, text)).for_each(&mut add);
    }
    let others = own.iter().filter(|it| *it != env && (is_env_template(it) || is_env_file(it)));
    for path in others.take(FILES) {
        if is_env_template(path) {
            found.templates.extend(text(root, path).map(|text| Arc::new(Document::new(path.clone(), text))));
        } else {
            found.env_files.extend(text(root, path).map(|text| EnvFile::of_text(path, &text)));
        }
    }
    for path in packing_files(env) {
        found.packing.extend(text(root, &path).map(|text| Arc::new(Document::plain(path, text))));
    }
    found
}

/// A variable named like a secret has a value that stands for nothing else.
fn holds_secrets(catalogue: &Catalogue, text: &str) -> bool {
    let is_named = |name: &str| {
        let words = ["KEY", "TOKEN", "SECRET", "PASS", "PWD", "CREDENTIAL", "DSN", "AUTH"];
        catalogue.provider_of_env(name).is_some() || words.iter().any(|it| name.to_ascii_uppercase().contains(it))
    };
    env_lines(text).iter().any(|line| {
        let value = env_value(text, line);
        let opens = value.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
        !value.is_empty() && (opens || is_named(&text[line.name.range()])) && classify(catalogue, &value).is_none()
    })
}

/// The names in a folder, in order, by their paths from the root.
fn files(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().filter_map(Result::ok).take(NAMES);
    let wanted = |path: &PathBuf| EnvLoader::is_told_in(path) || is_env_template(path) || is_env_file(path);
    let mut files: Vec<PathBuf> = entries.map(|entry| folder.join(entry.file_name())).filter(wanted).collect();
    files.sort();
    files
}

fn text(root: &Path, path: &Path) -> Option<String> {
    let bytes = read_small(&root.join(path)).ok().flatten()?;
    String::from_utf8(bytes).ok()
}

/// Who else may read the file: its mode says so, and those of the folders above let them come there.
///
/// Of a file that only its owner's own group may read, or root's, nothing is said, nor of one where modes mean nothing.
#[cfg(unix)]
fn audience(file: &Path) -> Option<Audience> {
    use std::os::unix::fs::MetadataExt;

    const EXECUTED: u32 = 0o111;
    let file = fs::canonicalize(file).ok()?;
    let meta = fs::metadata(&file).ok().filter(fs::Metadata::is_file)?;
    // File systems without modes let everyone do everything. In a container root is often alone.
    let in_container = || ["/.dockerenv", "/run/.containerenv"].iter().any(|it| Path::new(it).exists());
    if meta.mode() & EXECUTED == EXECUTED || meta.uid() == 0 && in_container() {
        return None;
    }
    let own_group = meta.gid() == meta.uid() || meta.gid() == 0;
    let (mut everyone, mut group) = (meta.mode() & 0o004 != 0, meta.mode() & 0o040 != 0 && !own_group);
    for folder in file.ancestors().skip(1) {
        let above = fs::metadata(folder).ok()?;
        everyone &= above.mode() & 0o001 != 0;
        group &= above.mode() & if above.gid() == meta.gid() { 0o010 } else { 0o001 } != 0;
    }
    match (everyone, group) {
        (true, _) => Some(Audience::Everyone),
        (false, true) => Some(Audience::Group),
        (false, false) => None,
    }
}

#[cfg(not(unix))]
fn audience(_: &Path) -> Option<Audience> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Reader;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }

    #[test]
    fn what_lies_beside_and_above_is_known() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        write(root, "Cargo.toml", "dotenvy = \"0.15\"\n");
        write(root, "pyproject.toml", "dependencies = [\"python-dotenv\"]\n");
        write(root, "run.sh", ". .env\n");
        write(root, "web/package.json", "{\"dependencies\": {\"dotenv\": \"^16\"}}");
        write(root, "web/.env", "A=1\n");
        write(root, "web/.env.production", "B=2\nC=\n");
        write(root, "web/.env.example", "A=\n");
        let found = beside(root, Path::new("web/.env"));
        let names: Vec<&str> = found.loaders.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["dotenv", "dotenvy", "python-dotenv"], "a script reads the file beside it");
        let paths: Vec<_> = found.env_files.iter().map(|it| it.path.to_owned()).collect();
        assert_eq!(paths, [Path::new("web/.env.production")]);
        assert_eq!(found.env_files[0].entries.len(), 2);
        assert_eq!(found.templates.iter().map(|it| it.path()).collect::<Vec<_>>(), [Path::new("web/.env.example")]);
    }

    #[test]
    fn an_image_takes_the_env_files_with_secrets_that_nothing_leaves_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        write(root, ".git/HEAD", "ref: refs/heads/main\n");
        write(root, "web/Dockerfile", "FROM a\nCOPY . .\nCOPY config/.env.production app/.env.gone ./\n");
        let copied = |path: &str| {
            let workspace = Workspace::bare(root, None).expect("opened");
            Reader::copying(Path::new(path)).map(|it| workspace.copied(Path::new(path), it)).unwrap_or_default()
        };
        write(root, "web/.env", "BASE_URL=https://example.org\nAPI_KEY=your-key\n");
        write(root, "config/.env.production", "DB_PASSWORD=8fK2mQ9x\n");
        assert_eq!(copied("web/Dockerfile"), ["config/.env.production"], "from the root, where a build can begin");
        write(root, "web/.env", "API_KEY=8fK2mQ9x\n");
        assert_eq!(copied("web/Dockerfile"), [".env", "config/.env.production"]);
        write(root, ".dockerignore", ".env\n");
        assert_eq!(copied("web/Dockerfile"), ["config/.env.production"]);
        write(root, "web/Dockerfile.dockerignore", "**/.env*\n");
        assert!(copied("web/Dockerfile").is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn only_who_can_come_there_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(folder.path(), "a/.env", "A=1\n");
        let set = |path: &str, mode: u32| {
            fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode)).expect("set");
        };
        let who = || audience(&folder.path().join("a/.env"));
        set("a/.env", 0o644);
        set("a", 0o700);
        assert_eq!(who(), None, "nobody comes into the folder");
        set("a", 0o755);
        set("", 0o755);
        // The folder for temporary files may be a user's own.
        let open = folder
            .path()
            .ancestors()
            .skip(1)
            .all(|it| fs::metadata(it).is_ok_and(|it| it.permissions().mode() & 0o001 != 0));
        let in_container = ["/.dockerenv", "/run/.containerenv"].iter().any(|it| Path::new(it).exists());
        if open && !in_container {
            assert_eq!(who(), Some(Audience::Everyone));
        }
        set("a/.env", 0o600);
        assert_eq!(who(), None);
        set("a/.env", 0o777);
        assert_eq!(who(), None, "modes mean nothing here");
    }
}
