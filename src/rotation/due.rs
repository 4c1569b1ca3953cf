//! Which keys are older than they may be.

use std::path::Path;

use super::{RotationError, no};
use crate::project::Workspace;

/// A key of the list that should be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The variable.
    pub variable: String,
    /// The provider's id.
    pub provider: String,
    /// In days; none where the list says no day.
    pub age: Option<i64>,
    /// How long it may live, in days.
    pub days: u64,
}

/// The keys of `aikeys.lock` that are overdue, in its order.
pub fn due(workspace: &Workspace) -> Result<Vec<Due>, RotationError> {
    if let Some(problem) = workspace.lock_problem() {
        return Err(no(problem.to_string()));
    }
    let Some(lock) = workspace.lock() else { return Ok(Vec::new()) };
    let today = workspace.surroundings(Path::new("")).today;
    let overdue = lock.overdue(&today);
    let due = overdue.into_iter().map(|(listed, age, days)| Due {
        variable: listed.variable.clone(),
        provider: listed.provider.clone(),
        age,
        days,
    });
    Ok(due.collect())
}
