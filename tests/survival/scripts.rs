//! Programs that are not built: Python and Node, with the real SDKs from the user's cache folder, and Bash, with curl.

use super::corpus::{self, Case, Store};
use super::journey::Journey;
use super::process::Place;
use super::report::Report;
use super::standin::Standin;
use super::stores::Leads;
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

const WORKERS: usize = 2;

/// How the programs of a language are started.
pub struct Kind {
    /// Their folder.
    pub folder: &'static str,
    /// The command, where `case.toml` has none.
    start: &'static [&'static str],
    /// Finds their SDKs: the folder that goes before the search path. Packages may be laid into the given folder.
    tools: fn(&Path) -> Result<PathBuf>,
}

pub const PYTHON: Kind = Kind { folder: "python", start: &["python", "main.py"], tools: environment };
pub const NODE: Kind = Kind { folder: "node", start: &["node", "main.mjs"], tools: modules };
/// Executed as Jupyter does; what the cells print comes out.
pub const NOTEBOOK: Kind =
    Kind { folder: "notebook", start: &["python", "-c", EXECUTE, "main.ipynb"], tools: environment };
const EXECUTE: &str = r"
import sys, nbformat
from jupyter_client import KernelManager
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
# Files for its sockets: two kernels that start at once can take the same port.
NotebookClient(notebook, timeout=50, km=KernelManager(kernel_name='python3', transport='ipc')).execute()
outputs = (it for cell in notebook.cells for it in cell.get('outputs', []))
for line in ''.join(it.text for it in outputs if it.get('name') == 'stdout').splitlines():
    # `%env` shows what it sets.
    line.startswith('env: ') or print(line)
";
pub const BASH: Kind = Kind { folder: "bash", start: &["bash", "main.sh"], tools: curl };

pub fn run(kind: &Kind) -> Result<Report> {
    run_through(kind, &|_| Vec::new())
}

/// The same, also through stores that a server or a program keeps.
pub fn run_through(kind: &Kind, more: &(dyn Fn(&Case) -> Vec<(Store, Leads)> + Sync)) -> Result<Report> {
    let cases = corpus::load(kind.folder)?;
    let folder = tempfile::tempdir()?;
    let tools = (kind.tools)(folder.path())?;
    let standin = Standin::start()?;
    side_by_side(kind.folder, &cases, |case, report| {
        // What goes to one store with references goes to all.
        let more = if case.spec.stores.contains(&Store::Local) { more(case) } else { Vec::new() };
        let own = stores(case).into_iter().map(|store| (store, Leads::new()));
        let stores = own.chain(more.into_iter().filter(|(store, _)| is_asked_for(*store))).collect();
        survive(kind, case, folder.path(), &tools, &standin, stores, report)
    })
}

/// Several cases at a time.
pub fn side_by_side(
    language: &'static str,
    cases: &[Case],
    survive: impl Fn(&Case, &mut Report) -> Result<()> + Sync,
) -> Result<Report> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Report> {
        let mut report = Report::new(language, 0);
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            survive(case, &mut report).with_context(|| case.name.clone())?;
        }
        Ok(report)
    };
    let mut report = Report::new(language, cases.len());
    std::thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            report.absorb(worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))??);
        }
        Ok(())
    })?;
    Ok(report)
}

fn survive(
    kind: &Kind,
    case: &Case,
    folder: &Path,
    tools: &Path,
    standin: &Standin,
    stores: Vec<(Store, Leads)>,
    report: &mut Report,
) -> Result<()> {
    let journey = |step: &str, environment| {
        let folder = folder.join(step).join(&case.name);
        let place = Place {
            root: folder.join("work").join(&case.name),
            home: folder.join("home"),
            tools: Some(tools.to_owned()),
            environment,
        };
        Journey { case, place, standin, start: kind.start, binary: None }
    };
    let first = journey("before", Leads::new());
    first.lay()?;
    let Some(before) = first.before(report)? else {
        return Ok(());
    };
    for (store, leads) in stores {
        let journey = journey(store.name(), leads);
        journey.lay()?;
        let moved = journey.fix(store, report)?;
        journey.after(&moved, &before, report)?;
    }
    Ok(())
}

/// The stores of a program that were asked for.
pub fn stores(case: &Case) -> Vec<Store> {
    case.spec.stores.iter().copied().filter(|store| is_asked_for(*store)).collect()
}

/// `SURVIVAL_STORE` names one.
fn is_asked_for(store: Store) -> bool {
    let only = std::env::var("SURVIVAL_STORE").unwrap_or_default();
    only.is_empty() || store.name() == only
}

/// The folder of the user's cache that holds what the tests install.
fn cache() -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => {
            PathBuf::from(std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache")
        }
    };
    let cache = cache.join("aikeys-lsp-tests");
    fs::create_dir_all(&cache)?;
    Ok(cache)
}

/// The `bin` folder of Node; its packages are laid where the programs of `folder` look for them.
fn modules(folder: &Path) -> Result<PathBuf> {
    let cache = cache()?;
    let (list, stamp) = (corpus::folder("node-sdk.json"), cache.join("sdk-node/package.json"));
    let same = fs::read(&stamp).ok() == Some(fs::read(&list)?);
    ensure!(same, "the SDKs for Node are not installed: run `tests/real/install.sh node-sdk`");
    #[cfg(unix)]
    std::os::unix::fs::symlink(cache.join("sdk-node/node_modules"), folder.join("node_modules"))?;
    Ok(cache.join("node/bin"))
}

/// Nothing is laid: `bash` and `curl` are the system's.
fn curl(folder: &Path) -> Result<PathBuf> {
    for program in ["bash", "curl"] {
        let there = Command::new(program).arg("--version").output().is_ok_and(|it| it.status.success());
        ensure!(there, "this test needs {program}: install it and run again");
    }
    Ok(folder.to_owned())
}

/// The `bin` folder of an environment that holds exactly `requirements.txt`. Made once (12 s), found again later.
fn environment(_: &Path) -> Result<PathBuf> {
    let cache = cache()?;
    let lock = File::create(cache.join("sdk-venv.lock"))?;
    lock.lock()?;
    let (venv, stamp) = (cache.join("sdk-venv"), cache.join("sdk-venv/requirements.txt"));
    let list = corpus::folder("requirements.txt");
    let wanted = fs::read(&list)?;
    if fs::read(&stamp).ok().as_deref() != Some(&wanted) {
        if venv.exists() {
            fs::remove_dir_all(&venv)?;
        }
        step(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        step(Command::new(venv.join("bin/python")).args(pip).arg(&list))?;
        fs::write(&stamp, wanted)?;
    }
    Ok(venv.join("bin"))
}

fn step(command: &mut Command) -> Result<()> {
    let help = "this test needs python3 (3.11 or newer) with its venv module, and a way to PyPI for the first run; \
                install them (Debian: apt-get install python3-venv) and run it again";
    let output =
        command.output().with_context(|| format!("cannot start {}: {help}", command.get_program().display()))?;
    ensure!(output.status.success(), "{help}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
