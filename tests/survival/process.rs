//! Starts programs in a scrubbed environment and waits for them, but not for ever.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test.
pub const PRODUCT: &str = env!("CARGO_BIN_EXE_aikeys-lsp");

/// A folder for one program, and a home of its own beside it.
pub struct Place {
    pub root: PathBuf,
    pub home: PathBuf,
    /// Goes before the search path.
    pub tools: Option<PathBuf>,
    /// What leads to a store.
    pub environment: Vec<(String, OsString)>,
}

pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    pub fn ending(&self) -> String {
        match self.code {
            Some(code) => format!("exit {code}"),
            None => format!("no end within {} s, or a signal", PATIENCE.as_secs()),
        }
    }
}

impl Place {
    /// Runs a command in the workspace. `url` is given to programs, not to the product on its own.
    pub fn run(&self, words: &[String], url: Option<&str>) -> Result<Done> {
        let (program, arguments) = words.split_first().context("an empty command")?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root).env_clear();
        command.env("PATH", self.search_path()?).env("HOME", &self.home).env("LANG", "C.UTF-8");
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_CACHE_HOME", "cache"),
            ("TMPDIR", "tmp"),
        ] {
            fs::create_dir_all(self.home.join(folder))?;
            command.env(name, self.home.join(folder));
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1").env("NO_PROXY", "*");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(url) = url {
            for name in ["STANDIN_URL", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GROQ_BASE_URL"] {
                command.env(name, url);
            }
        }
        wait(command, &self.home)
    }

    fn search_path(&self) -> Result<OsString> {
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.tools.iter().cloned().chain(std::env::split_paths(&usual));
        Ok(std::env::join_paths(folders)?)
    }
}

/// Output goes to files, so that no pipe can fill up while we wait.
pub fn wait(mut command: Command, scratch: &Path) -> Result<Done> {
    let (out, err) = (scratch.join("out.txt"), scratch.join("err.txt"));
    command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let start = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = |path: &Path| -> Result<String> { Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned()) };
    let done = Done { code, stdout: text(&out)?, stderr: text(&err)? };
    fs::remove_file(out)?;
    fs::remove_file(err)?;
    Ok(done)
}
