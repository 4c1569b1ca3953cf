//! Every key and reference of a workspace, and what is known of each. Prints nothing.

mod entry;
mod lock;
mod survey;
mod uses;

pub use entry::{Entry, Inventory, Kind, inventory};
pub use lock::lock_text;
pub use survey::{Key, Reached, Spread, Survey, Surveyed, committed, keys, keys_and_problems, survey};
pub use uses::{Place, Uses};
