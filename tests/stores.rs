//! What the tests of secret stores talk to: real servers, stand-ins, and the faults between.
//!
//! `tests/real/install.sh openbao moto google keyring pass valkey` puts the programs in place; a missing one is a
//! failure that says so. Everything listens on the loopback interface, lies in a temporary folder and ends with the
//! test, also when that panics or is killed.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "these tests start servers, talk to them through sockets, and say how long that took"
)]

mod apart;
mod audit;
mod aws;
mod aws_faults;
pub mod faults;
mod faults_work;
mod gcp;
mod gcp_faults;
pub mod http;
mod lambda;
mod machine;
mod near;
mod policy;
mod pubsub;
mod run;
pub mod servers;
mod servers_work;
mod vault;
