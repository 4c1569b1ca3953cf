//! How far a long check has come: on a terminal, and only when it takes longer than a second.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line on standard error that goes away at the end.
pub(super) struct Progress {
    begun: Instant,
    bar: Option<ProgressBar>,
    is_wanted: bool,
}

/// A check that is faster than this needs no progress.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// Shows nothing yet; never anything when nobody looks.
    pub(super) fn new(quiet: bool) -> Progress {
        Progress { begun: Instant::now(), bar: None, is_wanted: !quiet && io::stderr().is_terminal() }
    }

    /// So many files were looked at.
    pub(super) fn tick(&mut self, files: usize) {
        if !self.is_wanted || self.begun.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {pos} files checked")
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
        });
        bar.set_position(files as u64);
        bar.tick();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
