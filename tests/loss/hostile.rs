//! A repository that its author made to get at the keys of those who clone it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use aikeys::fixes::{Destination, GitState, Surroundings, encrypt};
use aikeys::project::{Packages, Workspace, check_writable};
use aikeys::secrets::{Secret, SecretRef, env_lines, env_value_span};
use aikeys::stores::{Local, RECIPIENTS, SECRETS, Stores, init};
use aikeys::syntax::Document;
use aikeys::text::Span;

use super::at_home;
use super::stage::{room, said};
use crate::support::with_keys;

const SELF: &str = "exec \"$@\"";

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]);
    let output = command.args(arguments).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", said(&output));
}

fn opened(folder: &Path) -> Workspace {
    Workspace::open(folder).expect("a workspace")
}

#[test]
fn an_embedded_bare_repository_is_a_folder() {
    if !at_home("loss::hostile::an_embedded_bare_repository_is_a_folder", SELF) {
        return;
    }
    let room = room();
    let top = fs::canonicalize(room.path()).expect("a folder").join("top");
    fs::create_dir_all(top.join("app/info")).expect("a folder");
    git(&top, &["init", "-q"]);
    git(&top, &["init", "-q", "--bare", "app"]);
    fs::write(top.join("app/config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n")
        .expect("written");
    fs::write(top.join("app/info/exclude"), ".env\n").expect("written");
    let workspace = opened(&top.join("app"));
    assert_eq!(workspace.root(), top);
    assert_eq!(workspace.git_state(Path::new("app/.env")), GitState::Untracked);
    // Nor one whose work tree is elsewhere.
    let mine = top.join("mine");
    fs::create_dir_all(mine.join("sub")).expect("a folder");
    git(&mine, &["init", "-q"]);
    git(&mine, &["config", "core.worktree", &top.join("app").display().to_string()]);
    assert_eq!(opened(&mine.join("sub")).root(), top);

    // The other work trees and the submodules of a repository have a file `.git`.
    fs::write(top.join("a.py"), "a = 1\n").expect("written");
    git(&top, &["add", "a.py"]);
    git(&top, &["commit", "-qm", "a"]);
    let second = top.with_file_name("second");
    git(&top, &["worktree", "add", "-q", &second.display().to_string()]);
    git(&second, &["submodule", "--quiet", "add", &top.display().to_string(), "lib"]);
    for root in [second.clone(), second.join("lib")] {
        let workspace = opened(&root);
        assert_eq!(workspace.root(), root);
        assert_eq!(workspace.git_state(Path::new("a.py")), GitState::Tracked);
    }
}

#[test]
fn a_reference_opens_no_file_outside() {
    if !at_home("loss::hostile::a_reference_opens_no_file_outside", SELF) {
        return;
    }
    let room = room();
    let base = fs::canonicalize(room.path()).expect("a folder");
    let (theirs, mine) = (base.join("theirs"), base.join("mine"));
    for folder in [&theirs, &mine] {
        fs::create_dir_all(folder.join(".git")).expect("a folder");
        init(folder).expect("a store");
    }
    let put = |root: &Path, at: &SecretRef| Stores::of(&opened(root)).put(at, &Secret::new("v"));
    put(&mine, &Local::open(&mine).reference("KEY")).expect("stored");
    symlink(mine.join(".aikeys"), theirs.join("link")).expect("a link");
    fs::create_dir(theirs.join("deep")).expect("a folder");
    symlink(mine.join(SECRETS), theirs.join("deep/secrets.age")).expect("a link");
    let absolute = mine.join(SECRETS).display().to_string();
    for path in [absolute.as_str(), "../mine/.aikeys/secrets.age", "link/secrets.age", "deep/secrets.age"] {
        let at = SecretRef::new("age", path, Some("KEY"));
        let error = Stores::of(&opened(&theirs)).get(&at).expect_err("refused").to_string();
        assert!(error.contains("not in the workspace"), "{path}: {error}");
        assert!(put(&theirs, &at).is_err(), "{path}");
    }

    // The folder of the store is a link: out of the workspace, and to the workspace itself.
    fs::remove_dir_all(theirs.join(".aikeys")).expect("it was there");
    symlink(mine.join(".aikeys"), theirs.join(".aikeys")).expect("a link");
    let error = check_writable(&theirs, &theirs.join(RECIPIENTS)).expect_err("refused").to_string();
    assert!(error.contains("leads out of the workspace"), "{error}");
    assert!(!Local::open(&theirs).is_there() && init(&theirs).is_err());
    for name in ["secrets.age", "recipients.txt"] {
        fs::copy(mine.join(".aikeys").join(name), theirs.join(name)).expect("a file");
    }
    fs::remove_file(theirs.join(".aikeys")).expect("it was there");
    symlink(".", theirs.join(".aikeys")).expect("a link");
    let at = Local::open(&theirs).reference("NEW");
    let error = put(&theirs, &at).expect_err("refused").to_string();
    assert!(error.contains("root folder"), "{error}");
}

#[test]
fn a_linked_env_file_that_git_tracks_takes_no_key() {
    if !at_home("loss::hostile::a_linked_env_file_that_git_tracks_takes_no_key", SELF) {
        return;
    }
    let room = room();
    git(room.path(), &["init", "-q"]);
    fs::write(room.path().join(".gitignore"), ".env\nconfig\n").expect("written");
    fs::write(room.path().join("config"), "A=1\n").expect("written");
    symlink("config", room.path().join(".env")).expect("a link");
    let refused = || {
        let workspace = opened(room.path());
        let doc = Document::new("app.py", "a = 1\n".to_owned());
        let packages = Packages::default();
        workspace.surroundings_for_fix(&doc, vec![Destination::env()], &|_| None, &packages).env.refused
    };
    assert_eq!(refused(), None);
    git(room.path(), &["add", "-f", "config"]);
    assert!(refused().is_some_and(|it| it.contains("which git tracks")));
}

#[test]
fn a_line_that_others_are_made_of_stays() {
    let to = Destination {
        store: "local".to_owned(),
        label: "it".to_owned(),
        reference: Some("ref+age://s#/{name}".to_owned()),
    };
    let moved = |more: &str, broken: Option<usize>| {
        let text = with_keys(&format!("OPENAI_API_KEY={{openai.project#1}}\n{more}")).text;
        let secret: Span = env_value_span(&text, &env_lines(&text)[0]);
        let around = Surroundings { destinations: vec![to.clone()], broken, ..Surroundings::bare() };
        encrypt(&Document::new(".env", text), &around, secret)
    };
    for fine in ["", "B=$OPENAI_API_KEY_2\n", "B=${OTHER}\n"] {
        assert_eq!(moved(fine, None).fixes.len(), 1, "{fine}");
    }
    for used in ["AUTH=\"Bearer ${OPENAI_API_KEY}\"\n", "B=$OPENAI_API_KEY", "B=${OPENAI_API_KEY:-x}\n"] {
        let repairs = moved(used, None);
        assert!(repairs.fixes.is_empty(), "{used}");
        assert!(repairs.refused.is_some_and(|it| it.contains("$OPENAI_API_KEY")), "{used}");
    }
    assert!(moved("", Some(2)).refused.is_some_and(|it| it.contains("line 2")));

    let room = room();
    fs::write(room.path().join(".env"), "A=1\nwhat is this\n").expect("written");
    let doc = Document::new(".env", "A=1\nwhat is this\n".to_owned());
    let around = opened(room.path()).surroundings_for_fix(&doc, vec![to], &|_| None, &Packages::default());
    assert_eq!(around.broken, Some(2));
}
