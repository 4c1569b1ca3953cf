//! A repository with 40 keys becomes green with few decisions, and red again with the next key.

use super::{Sandbox, text};
use crate::support::with_keys;

/// Where the keys stand: a file, and a line with `{}` for a key.
const PLACES: [(&str, &str); 8] = [
    ("src/app.py", "KEY_{n} = \"{}\"\n"),
    ("src/client.ts", "const key{n} = \"{}\";\n"),
    ("cmd/main.go", "var key{n} = \"{}\"\n"),
    ("lib/worker.rb", "KEY_{n} = \"{}\"\n"),
    ("config/settings.yaml", "openai_api_key_{n}: {}\n"),
    ("deploy/run.sh", "export OPENAI_API_KEY_{n}={}\n"),
    ("tests/test_app.py", "KEY_{n} = \"{}\"\n"),
    ("docs/guide.md", "Use `{}` as key {n}.\n"),
];

#[test]
fn forty_keys_take_two_decisions() {
    let sandbox = Sandbox::new();
    let mut keys = String::new();
    for (at, (path, line)) in PLACES.iter().enumerate() {
        let lines: String = (0..5)
            .map(|n| {
                line.replace("{n}", &n.to_string()).replace("{}", &format!("{{openai.project#{}}}", at * 5 + n + 1))
            })
            .collect();
        sandbox.write(path, &with_keys(&lines).text);
        keys.push_str(&lines);
    }
    let keyed = with_keys(&keys);
    assert_eq!(keyed.keys.len(), 40);
    let git = sandbox.command("git").args(["init", "-q"]).status().expect("git runs");
    assert!(git.success());
    let check = |code: i32| {
        let output = sandbox.aikeys(&["--check"]);
        let shown = text(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{}", keyed.without_keys(&shown));
        shown
    };
    assert!(check(1).contains("40 errors"));

    // On a terminal these are two questions: about the files, and about what is found already.
    let decisions = ["--yes", "--with-baseline"];
    let output = sandbox.aikeys(&[&["init"][..], &decisions].concat());
    let shown = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success() && !keyed.leaks(&shown), "{}", keyed.without_keys(&shown));
    assert!(decisions.len() <= 3);
    assert!(check(0).contains("40 in the baseline"));
    let baseline = std::fs::read_to_string(sandbox.work().join("aikeys-baseline.json")).expect("a baseline");
    assert!(!keyed.leaks(&baseline) && baseline.matches("fingerprint").count() >= 40);

    // The next key, and another copy of an old one.
    let new = with_keys("{openai.project#99}").text;
    let old = keyed.keys.values().next().expect("a key");
    for key in [&new, old] {
        let before = std::fs::read_to_string(sandbox.work().join("src/app.py")).expect("a source");
        sandbox.write("src/app.py", format!("{before}MORE = \"{key}\"\n"));
        assert!(check(1).contains("1 error"));
        sandbox.write("src/app.py", before);
    }
    check(0);
}
