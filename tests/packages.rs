//! What is published, built and installed into empty folders: wheels, npm packages, extensions of VS Code, archives.
//!
//! All of them hold the release build without the stores, the one that `tests/run.sh` makes. Where it is not there yet,
//! the first of these tests makes it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use crate::real::cache;
use crate::support::with_keys;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How the build is called everywhere.
const BUILD: [&str; 3] = ["--locked", "--release", "--no-default-features"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn target() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")).ancestors().nth(2).expect("target/debug/aikeys-lsp")
}

/// Of `install.sh packages` or another part.
fn installed(program: &str) -> PathBuf {
    let path = cache().join(program);
    assert!(path.exists(), "{} is missing: run tests/real/install.sh packages vscode", path.display());
    path
}

/// A program in a folder, with Node's programs and a home of its own there. What is said to be offline stays so.
fn command(program: impl AsRef<Path>, folder: &Path) -> Command {
    let mut command = Command::new(program.as_ref());
    let path = format!("{}:{}", installed("node/bin").display(), std::env::var("PATH").unwrap_or_default());
    command.current_dir(folder).env("PATH", path).stdin(Stdio::null());
    command.env("npm_config_cache", folder.join("npm-cache")).env("npm_config_userconfig", folder.join("npmrc"));
    command.env("UV_CACHE_DIR", folder.join("uv-cache")).env("UV_OFFLINE", "1").env("CARGO_TARGET_DIR", target());
    command.env_remove("GITHUB_REPOSITORY").env_remove("SOURCE_DATE_EPOCH");
    command
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What it printed. It must have ended well.
fn done(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn cargo(folder: &Path) -> Command {
    command(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), folder)
}

/// The release build.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    done(cargo(root()).arg("build").args(BUILD));
    target().join("release/aikeys-lsp")
});

fn maturin(folder: &Path) -> Command {
    command(installed("maturin/bin/maturin"), folder)
}

fn pack(folder: &Path) -> Command {
    command(root().join(".github/packaging/pack.py"), folder)
}

/// Pages, and the program as that of this machine's targets.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for libc in ["gnu", "musl"] {
        let of = folder.path().join(format!("programs/{}-unknown-linux-{libc}", std::env::consts::ARCH));
        fs::create_dir_all(&of).expect("made");
        fs::copy(&*PROGRAM, of.join("aikeys-lsp")).expect("copied");
    }
    done(pack(folder.path()).arg("pages").arg(&*PROGRAM).arg("pages"));
    folder
}

/// The names of this machine's packages.
fn npm_name(libc: &str) -> String {
    let cpu = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
    format!("aikeys-lsp-linux-{cpu}-{libc}")
}

/// Checks with an installed program: each exit code is the program's.
fn checks(program: &dyn Fn() -> Command, folder: &Path) {
    let keyed = with_keys("KEY = \"{openai.project}\"\n");
    fs::write(folder.join("key.py"), &keyed.text).expect("written");
    fs::write(folder.join("clean.py"), "print(1)\n").expect("written");
    for (file, code) in [("clean.py", 0), ("key.py", 1), ("gone.py", 2)] {
        let output = run(program().args(["--check", file]));
        assert_eq!(output.status.code(), Some(code), "{file}:\n{}", text(&output));
        assert!(!keyed.leaks(&text(&output)), "a key is shown");
    }
}

#[test]
fn a_wheel_is_installed_and_checks() {
    let _ = &*PROGRAM;
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path();
    let before = fs::metadata(&*PROGRAM).and_then(|it| it.modified()).expect("a time");
    done(maturin(root()).arg("build").args(BUILD).args(["--offline", "--out"]).arg(folder.join("wheels")));
    let after = fs::metadata(&*PROGRAM).and_then(|it| it.modified()).expect("a time");
    assert_eq!(before, after, "a wheel has the same build");
    let wheels: Vec<PathBuf> =
        fs::read_dir(folder.join("wheels")).expect("made").map(|it| it.expect("one").path()).collect();
    let [wheel] = wheels.as_slice() else { panic!("one wheel: {wheels:?}") };

    done(command("python3", folder).args(["-m", "venv", "venv"]));
    let pip = ["-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"];
    done(command(folder.join("venv/bin/python"), folder).args(pip).arg(wheel));
    let said = done(command(folder.join("venv/bin/aikeys-lsp"), folder).arg("--version"));
    assert_eq!(said.lines().next(), Some(&*format!("aikeys-lsp {VERSION}")));
    let commit = done(command("git", root()).args(["rev-parse", "HEAD"]));
    assert!(said.contains(&format!("\ncommit: {}\n", &commit[..12])), "{said}");
    checks(&|| command(folder.join("venv/bin/aikeys-lsp"), folder), folder);

    let uvx = || {
        let mut uv = command(installed("maturin/bin/uvx"), folder);
        uv.arg("--from").arg(wheel).arg("aikeys-lsp");
        uv
    };
    checks(&uvx, folder);
}

/// Built from either of them it would take minutes. All that a build reads is in them.
#[test]
fn sources_are_complete() {
    let scratch = tempfile::tempdir().expect("a folder");
    let listed = |text: String| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let crate_ = listed(done(cargo(root()).args(["package", "--list", "--allow-dirty", "--locked"])));
    let tracked = listed(done(command("git", root()).arg("ls-files")));
    let outside = |name: &&String| [".", "editors/", "tests/", "pyproject.toml"].iter().any(|it| name.starts_with(it));
    let wanted: BTreeSet<String> = tracked.iter().filter(|name| !outside(name)).cloned().collect();
    let made = [".cargo_vcs_info.json", "Cargo.toml.orig"].map(str::to_owned);
    assert_eq!(crate_, &wanted | &BTreeSet::from(made.clone()), "what `cargo package` packs");

    done(maturin(root()).args(["sdist", "--out"]).arg(scratch.path()));
    let sdist = scratch.path().join(format!("aikeys_lsp-{VERSION}.tar.gz"));
    let sdist = done(command("tar", scratch.path()).arg("tzf").arg(sdist));
    let sdist = sdist.lines().filter_map(|line| Some(line.split_once('/')?.1.to_owned())).collect::<BTreeSet<_>>();
    let more = ["PKG-INFO", "pyproject.toml"].map(str::to_owned);
    assert_eq!(sdist, &wanted | &BTreeSet::from(more), "what pip gets");
}

#[test]
fn npm_packages_are_installed_and_check() {
    let scratch = prepared();
    let folder = scratch.path();
    done(pack(folder).args(["npm", "--some", "programs", "pages", "packed"]));
    let packed = |name: &str| folder.join(format!("packed/{name}-{VERSION}.tgz"));
    fs::write(folder.join("package.json"), "{\"private\": true}").expect("written");
    let install = ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    done(command("npm", folder).args(install).arg(packed("aikeys-lsp")).arg(packed(&npm_name("gnu"))));
    let npx = || {
        let mut npx = command("npx", folder);
        npx.args(["--offline", "aikeys-lsp"]);
        npx
    };
    assert_eq!(done(npx().arg("-V")), format!("aikeys-lsp {VERSION}\n"));
    checks(&npx, folder);

    let launcher = || command(folder.join("node_modules/.bin/aikeys-lsp"), folder);
    passes_on_what_comes_and_goes(&launcher, folder);

    // npm leaves out what fits another system, and so does a lock file that was made there.
    fs::remove_dir_all(folder.join("node_modules").join(npm_name("gnu"))).expect("removed");
    let output = run(&mut launcher());
    assert_eq!(output.status.code(), Some(2));
    let missing = format!("the package {} with the program is not installed", npm_name("gnu"));
    assert!(text(&output).contains(&missing), "{}", text(&output));
    // The one for musl runs everywhere.
    done(command("npm", folder).args(install).args(["--force", "--libc=musl"]).arg(packed(&npm_name("musl"))));
    assert_eq!(done(launcher().arg("-V")), format!("aikeys-lsp {VERSION}\n"));
}

/// Standard input, exit codes and signals, through Node.
fn passes_on_what_comes_and_goes(launcher: &dyn Fn() -> Command, folder: &Path) {
    fs::write(folder.join(".env"), "PLAIN=1\n").expect("written");
    let sh = |script: &str| {
        let mut command = launcher();
        command.args(["run", "--", "sh", "-c", script]);
        command
    };
    let mut copied = sh("cat; exit 7").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
    std::io::Write::write_all(&mut copied.stdin.take().expect("a pipe"), b"through").expect("written");
    let output = copied.wait_with_output().expect("ended");
    assert_eq!((output.status.code(), &*output.stdout), (Some(7), &b"through"[..]));

    let waits = "trap 'echo asked; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let mut asked = sh(waits).stdout(Stdio::piped()).spawn().expect("started");
    let mut out = asked.stdout.take().expect("a pipe");
    let mut ready = [0; 6];
    out.read_exact(&mut ready).expect("it says so");
    let pid = rustix::process::Pid::from_child(&asked);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("sent");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("a text");
    assert_eq!((rest.as_str(), asked.wait().expect("ended").code()), ("asked\n", Some(9)));

    let ended = run(&mut sh("kill -KILL $$"));
    assert_eq!(ended.status.signal(), Some(9), "who started it sees what ended the program: {}", ended.status);
}

#[test]
fn an_extension_holds_the_program() {
    let scratch = prepared();
    let folder = scratch.path();
    let vsce = installed("vsce/node_modules/.bin/vsce");
    let modules = installed("vscode-client/node_modules");
    done(pack(folder).args(["vsix", "--some", "programs", "packed"]).args([vsce, modules]));
    let mut names: Vec<String> = fs::read_dir(folder.join("packed"))
        .expect("made")
        .map(|it| it.expect("one").file_name().display().to_string())
        .collect();
    names.sort();
    let platform = npm_name("").replace("aikeys-lsp-linux-", "").replace('-', "");
    let wanted = ["alpine", "linux"].map(|it| format!("aikeys-lsp-{it}-{platform}-{VERSION}.vsix"));
    assert_eq!(names, wanted);
    let script = "import sys, zipfile\n\
                  for it in zipfile.ZipFile(sys.argv[1]).infolist(): print(oct(it.external_attr >> 16 & 0o111), it.filename)";
    let listed = done(command("python3", folder).args(["-c", script]).arg(folder.join("packed").join(&names[1])));
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    assert_eq!(
        listed,
        [
            "0o0 [Content_Types].xml",
            "0o0 extension.vsixmanifest",
            "0o0 extension/LICENSE.md",
            "0o0 extension/changelog.md",
            "0o0 extension/dist/extension.js",
            "0o0 extension/package.json",
            "0o0 extension/readme.md",
            "0o0 extension/walkthrough/agents.md",
            "0o0 extension/walkthrough/ci.md",
            "0o0 extension/walkthrough/find.md",
            "0o0 extension/walkthrough/fix.md",
            "0o111 extension/bundled/aikeys-lsp",
        ]
    );
}

#[test]
fn archives_are_complete_and_the_same_each_time() {
    let scratch = prepared();
    let folder = scratch.path();
    for out in ["first", "second"] {
        done(pack(folder).args(["archives", "--some", "programs", "pages", out]));
    }
    let name = format!("aikeys-lsp-v{VERSION}-{}-unknown-linux-gnu", std::env::consts::ARCH);
    let archive = format!("{name}.tar.gz");
    done(command("sha256sum", &folder.join("first")).args(["--check", &format!("{archive}.sha256")]));
    let read = |out: &str| fs::read(folder.join(out).join(&archive)).expect("an archive");
    assert!(read("first") == read("second"), "the same input gives the same archive");
    done(command("tar", folder).arg("xzf").arg(folder.join("first").join(&archive)));
    let unpacked = folder.join(&name);
    assert_eq!(done(command(unpacked.join("bin/aikeys-lsp"), folder).arg("-V")), format!("aikeys-lsp {VERSION}\n"));
    let plugin = "share/nvim/site/pack/aikeys/start/aikeys";
    for file in [
        "share/doc/aikeys-lsp/README.md",
        "share/doc/aikeys-lsp/LICENSE-MIT",
        "share/doc/aikeys-lsp/LICENSE-APACHE",
        "share/man/man1/aikeys-lsp.1",
        "share/zsh/site-functions/_aikeys-lsp",
        &format!("{plugin}/plugin/aikeys.lua"),
        &format!("{plugin}/lua/aikeys/init.lua"),
        &format!("{plugin}/doc/tags"),
    ] {
        let meta = fs::metadata(unpacked.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(meta.len() > 500 && meta.permissions().mode() & 0o777 == 0o644, "{file}: {meta:?}");
    }
    // As Neovim makes them itself.
    let doc = unpacked.join(plugin).join("doc");
    let packed = fs::read_to_string(doc.join("tags")).expect("a text");
    let nvim = installed("nvim/bin/nvim");
    done(
        command(nvim, folder)
            .args(["--headless", "-u", "NONE", "-c"])
            .arg(format!("helptags {}", doc.display()))
            .arg("+q"),
    );
    assert_eq!(packed, fs::read_to_string(doc.join("tags")).expect("a text"));
    done(command("bash", folder).arg("-n").arg(unpacked.join("share/bash-completion/completions/aikeys-lsp")));
}

#[test]
fn a_formula_names_the_archives() {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path();
    for target in
        ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin", "aarch64-apple-darwin"]
    {
        fs::write(folder.join(format!("aikeys-lsp-v{VERSION}-{target}.tar.gz")), target).expect("written");
    }
    let unknown = run(pack(folder).args(["formula", ".", "out.rb"]));
    assert!(!unknown.status.success() && text(&unknown).contains("GITHUB_REPOSITORY"), "{}", text(&unknown));
    done(pack(folder).args(["formula", ".", "out.rb"]).env("GITHUB_REPOSITORY", "someone/aikeys-lsp"));
    let formula = fs::read_to_string(folder.join("out.rb")).expect("written");
    assert!(!formula.contains("@macos") && !formula.contains("@linux"), "{formula}");
    let url =
        format!("/someone/aikeys-lsp/releases/download/v{VERSION}/aikeys-lsp-v{VERSION}-aarch64-apple-darwin.tar.gz");
    assert!(formula.contains(&url), "{formula}");
    let sum = done(command("sha256sum", folder).arg(format!("aikeys-lsp-v{VERSION}-aarch64-apple-darwin.tar.gz")));
    assert!(formula.contains(&sum[..64]), "{formula}");
    // Not everybody has Ruby.
    if Command::new("ruby").arg("--version").output().is_ok() {
        done(command("ruby", folder).args(["-c", "out.rb"]));
    }
}

#[test]
fn a_release_has_one_version_and_all_its_programs() {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = scratch.path();
    done(pack(folder).args(["check", &format!("v{VERSION}")]));
    let other = run(pack(folder).args(["check", "v0.0.0"]));
    assert!(!other.status.success() && text(&other).contains("Cargo.toml says"), "{}", text(&other));
    fs::create_dir_all(folder.join("programs/x86_64-unknown-linux-gnu")).expect("made");
    symlink("/bin/true", folder.join("programs/x86_64-unknown-linux-gnu/aikeys-lsp")).expect("made");
    let half = run(pack(folder).args(["archives", "programs", "pages", "out"]));
    assert!(!half.status.success() && text(&half).contains("x86_64-pc-windows-msvc/aikeys-lsp.exe"), "{}", text(&half));
}

#[test]
fn the_list_of_targets_is_told_as_it_is() {
    let folder = root().join(".github/packaging");
    let list: toml::Table =
        toml::from_str(&fs::read_to_string(folder.join("targets.toml")).expect("a text")).expect("TOML");
    let page = fs::read_to_string(folder.join("README.md")).expect("a text");
    let rows = list["target"].as_array().expect("a list");
    assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), rows.len(), "rows of the page");
    for row in rows {
        let state = if row["tested"].as_bool() == Some(true) { "| tested |" } else { "| untested |" };
        let name = format!("| `{}` |", row["rust"].as_str().expect("a text"));
        assert!(page.lines().any(|line| line.starts_with(&name) && line.ends_with(state)), "{name} … {state}");
    }
}
