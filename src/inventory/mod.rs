//! Every key and reference of a workspace. Prints nothing.

mod references;
mod survey;

pub use references::{has_values, reference_at, references};
pub use survey::{Key, Reached, Spread, Survey, Surveyed, committed, keys, survey};
