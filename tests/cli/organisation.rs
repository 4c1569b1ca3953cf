//! The policy that an administrator puts in place, in a namespace with an `/etc` of its own.

use std::io::Write;
use std::process::Output;

use super::{Sandbox, text};

/// Runs our program where `/etc` is empty but for this policy, with `AIKEYS_POLICY` naming another one.
fn with_policy(sandbox: &Sandbox, policy: &str, arguments: &[&str]) -> Output {
    let script = "mount -t tmpfs none /etc && mkdir /etc/aikeys && printf %s \"$1\" > /etc/aikeys/policy.toml && shift \
                  && exec \"$@\"";
    let mut command = sandbox.command("unshare");
    command.args(["--mount", "sh", "-c", script, "sh", policy, env!("CARGO_BIN_EXE_aikeys-lsp")]).args(arguments);
    command.env("AIKEYS_POLICY", sandbox.work().join("own.toml")).output().expect("unshare starts")
}

#[test]
fn no_variable_leads_around_the_systems_policy() {
    let sandbox = Sandbox::new();
    sandbox.write("own.toml", "");
    let tried = sandbox.command("unshare").args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !tried.is_ok_and(|it| it.status.success()) {
        let _ = writeln!(std::io::stderr(), "cli: THE SYSTEM'S POLICY WAS NOT TRIED: mounting takes root");
        return;
    }
    let stores = with_policy(&sandbox, "allowed-stores = [\"vault\"]\n", &["stores"]);
    let said = text(&stores.stdout);
    let line = "env        not allowed: the policy of your organisation (/etc/aikeys/policy.toml) does not allow the store env";
    assert!(stores.status.success() && said.contains(line), "{said}{}", text(&stores.stderr));
    let doctor = text(&with_policy(&sandbox, "allowed-stores = [\"vault\"]\n", &["doctor"]).stdout);
    assert!(doctor.contains("an organisation's policy is there; it says something of allowed-stores\n"), "{doctor}");
    let broken = with_policy(&sandbox, "allowed-stores = \"vault\"\n", &["stores"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(text(&broken.stderr).contains("/etc/aikeys/policy.toml:1"), "{}", text(&broken.stderr));
}
