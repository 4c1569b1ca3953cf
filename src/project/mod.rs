//! Disk and git: workspaces, configuration, reading files, env files. Prints nothing, and never reaches the network.

mod agents;
mod baseline;
mod beside;
mod changes;
mod config;
mod contract;
mod copies;
mod env_file;
mod every_file;
mod exposed;
mod files;
mod git;
mod history;
mod holding;
mod judging;
mod launching;
mod lock;
mod memory;
mod organisation;
mod origins;
mod owners;
mod package;
mod references;
mod schema;
mod settings_edit;
mod setup;
mod source;
mod starting;
mod store_settings;
mod workspace;

pub use baseline::{Baseline, Entry, Seen, Terms, baseline_text, entries_after, entries_of};
pub use changes::{Blob, Change, Since};
pub(crate) use config::SETTINGS;
pub use config::{Config, ProjectError, SEVERITIES};
pub use copies::{Copy, copies, copies_with_keys, delete_copy};
pub use env_file::{
    EnvFileError, env_example_line, env_value_written, exchange_values, is_variable_name, read_values,
    values_to_run_with, variable_edit, write_variable,
};
pub use every_file::{EveryFile, Part, every_file};
pub use files::{FileError, FolderLock, append, check_writable, lies_below, private_folder, read_small, write_atomic};
pub use git::is_bare;
pub use history::{BlobId, CommitInfo, History, HistoryError, Log, Look, Next, Said};
pub use holding::{
    BUILD, Held, MADE, VERSION_CONTROL, documents_where, documents_with, env_files, holding, odd_ignore_file, threads,
};
pub use memory::{answer, recall, recall_in, remember};
pub use organisation::Organisation;
pub use origins::{Counting, Differs, Met as MetSettings, Setting};
pub use owners::Owners;
pub use package::Packages;
pub use references::{has_values, reference_at, references_in_use, references_of, references_of_variables};
pub use schema::{policy_schema, schema};
pub use settings_edit::{with_items, with_value};
pub use setup::{Planned, Setup, has_hook, walked};
pub use source::{ReadError, Source, is_binary, read, same_length};
pub use starting::starting;
pub use store_settings::{
    AwsSettings, ExecSettings, GcpSettings, KeyringSettings, LocalSettings, StoreSettings, VaultSettings, state_folder,
    user_file, user_folder, user_stores,
};
pub use workspace::Workspace;
