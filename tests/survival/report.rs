//! Collects what went wrong, prints one table, decides.

use super::corpus::{Case, Store};
use anyhow::{Result, ensure};
use std::io::Write;
use std::time::Instant;

/// The share of moved programs that must still send their key.
const SURVIVAL: f64 = 0.99;
/// At most one move in eight may be refused: the corpus is for programs that can be moved.
const REFUSED: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Survived,
    Refused,
    /// The program no longer sends what it sent, or its key stays without an allowed reason.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The program of the corpus does not work as its `case.toml` says.
    Corpus,
    /// The program does not survive.
    Survival,
    /// A promise about keys and files is broken. None may be.
    Promise,
}

pub struct Report {
    language: &'static str,
    programs: usize,
    moves: Vec<(String, Store, Outcome)>,
    troubles: Vec<(Trouble, String, String, String)>,
    start: Instant,
}

impl Report {
    pub fn new(language: &'static str, programs: usize) -> Self {
        Report { language, programs, moves: Vec::new(), troubles: Vec::new(), start: Instant::now() }
    }

    pub fn moved(&mut self, case: &Case, store: Store, outcome: Outcome) {
        self.moves.push((case.name.clone(), store, outcome));
    }

    pub fn trouble(&mut self, kind: Trouble, case: &Case, at: &str, what: &str) {
        self.troubles.push((kind, case.name.clone(), at.to_owned(), case.redact(what)));
    }

    pub fn absorb(&mut self, other: Report) {
        self.moves.extend(other.moves);
        self.troubles.extend(other.troubles);
    }

    /// Prints the table and the closing line; an error when the programs did not survive.
    pub fn close(mut self, least: usize) -> Result<()> {
        self.troubles.sort();
        let mut out = std::io::stderr();
        for (kind, case, at, what) in &self.troubles {
            let kind = match kind {
                Trouble::Corpus => "corpus",
                Trouble::Survival => "SURVIVAL",
                Trouble::Promise => "PROMISE",
            };
            writeln!(
                out,
                "{kind:<8} {}/{case:<24} {at:<6} {}",
                self.language,
                what.trim_end().replace('\n', "\n    | ")
            )?;
        }
        let count = |wanted| self.moves.iter().filter(|(_, _, outcome)| *outcome == wanted).count();
        let (survived, refused, broken) = (count(Outcome::Survived), count(Outcome::Refused), count(Outcome::Broken));
        for (case, store, _) in self.moves.iter().filter(|(_, _, outcome)| *outcome == Outcome::Refused) {
            writeln!(
                out,
                "refused  {}/{case:<24} {:<6} with a reason, the program still runs",
                self.language,
                store.name()
            )?;
        }
        let share = |of: &dyn Fn(Store) -> bool| {
            let count = |wanted| self.moves.iter().filter(|(_, store, it)| of(*store) && *it == wanted).count();
            let (survived, broken) = (count(Outcome::Survived), count(Outcome::Broken));
            #[allow(clippy::cast_precision_loss, reason = "a few hundred moves")]
            let share = survived as f64 / (survived + broken).max(1) as f64;
            (survived, share)
        };
        let mut stores: Vec<Store> = self.moves.iter().map(|(_, store, _)| *store).collect();
        stores.sort();
        stores.dedup();
        let each = stores.iter().map(|store| format!("{} {}", store.name(), share(&|it| it == *store).0));
        let each = each.collect::<Vec<_>>().join(", ");
        let least_share = stores.iter().map(|store| share(&|it| it == *store).1).fold(1.0, f64::min);
        let filters: Vec<String> = ["SURVIVAL_ONLY", "SURVIVAL_STORE"]
            .iter()
            .filter_map(|name| Some(format!(", only {}", std::env::var(name).ok()?)))
            .collect();
        writeln!(
            out,
            "survival {}: {} programs, {} moves: {survived} survived ({:.1} %: {each}), {refused} refused with a reason, {broken} broken, {} troubles, {:.0} s{}",
            self.language,
            self.programs,
            self.moves.len(),
            share(&|_| true).1 * 100.0,
            self.troubles.len(),
            self.start.elapsed().as_secs_f64(),
            filters.concat(),
        )?;
        let has = |kind| self.troubles.iter().any(|(trouble, ..)| *trouble == kind);
        ensure!(!has(Trouble::Corpus), "a program of the corpus does not work before the move: see the table");
        ensure!(!has(Trouble::Promise), "a promise about keys or files was broken: see the table");
        ensure!(least_share >= SURVIVAL, "only {:.1} % survived in one store: see the table", least_share * 100.0);
        if filters.is_empty() {
            ensure!(self.programs >= least, "{} programs are too few, {least} are wanted", self.programs);
            ensure!(refused * REFUSED <= self.moves.len(), "{refused} refused moves are too many: see the table");
        }
        Ok(())
    }
}
