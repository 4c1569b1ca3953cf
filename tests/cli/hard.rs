//! Input that breaks programs: bytes that are no text, links that lead in circles, names that forge output.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Sandbox, text};
use aikeys::secrets::sample;

fn key() -> String {
    sample("openai.project", 7).expect("the catalogue has OpenAI")
}

fn findings(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// Path, line and column of each finding.
fn places(output: &Output) -> Vec<(String, u64, u64)> {
    let place = |it: &Value| Some((it["path"].as_str()?.to_owned(), it["line"].as_u64()?, it["column"].as_u64()?));
    findings(output).iter().map(|it| place(it).expect("a place")).collect()
}

fn place(path: &str, line: u64, column: u64) -> (String, u64, u64) {
    (path.to_owned(), line, column)
}

#[test]
fn any_bytes_are_checked() {
    let (sandbox, key) = (Sandbox::new(), key());
    let line = format!("KEY = \"{key}\"");
    let utf16: Vec<u8> = format!("\u{feff}a = 1\n{line}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.write("binary.dat", [b"\0\x01\x02\n".as_slice(), key.as_bytes(), b"\0\xff"].concat());
    sandbox.write("bom.py", format!("\u{feff}{line}\n"));
    sandbox.write("crlf.py", format!("a = 1\r\n{line}\r\n"));
    sandbox.write("empty.py", "");
    sandbox.write("invalid.py", [b"a = '\xff\xfe\x80'\n".as_slice(), line.as_bytes()].concat());
    sandbox.write("no-end.py", &line);
    sandbox.write("utf16.py", utf16);
    let output = sandbox.aikeys(&["--check", "--format", "jsonl"]);
    let expected = [
        place("binary.dat", 2, 1),
        // The mark is three bytes of the first line.
        place("bom.py", 1, 11),
        place("crlf.py", 2, 8),
        place("invalid.py", 2, 8),
        place("no-end.py", 1, 8),
        place("utf16.py", 2, 8),
    ];
    assert_eq!(places(&output), expected);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn large_files_are_searched_in_parts() {
    let (sandbox, key) = (Sandbox::new(), key());
    // Across the end of the first part, behind 4 MB, and at the end.
    for (name, before, after) in [("a.txt", (1 << 20) - 20, 5 << 20), ("b.txt", 5 << 20, 100), ("c.bin", 5 << 20, 0)] {
        let start = if name.ends_with("bin") { "\0\n" } else { "\n" };
        sandbox.write(name, format!("{start}{} {key} {}", "x ".repeat(before / 2), "y ".repeat(after / 2)));
    }
    sandbox.write("nothing.txt", "z ".repeat(3 << 20));
    let output = sandbox.aikeys(&["--check", "--format", "jsonl"]);
    let found = [place("a.txt", 2, (1 << 20) - 18), place("b.txt", 2, (5 << 20) + 2), place("c.bin", 2, (5 << 20) + 2)];
    assert_eq!(places(&output), found);
    assert!(text(&output.stderr).contains("too large to parse"), "{}", text(&output.stderr));
}

#[test]
fn links_and_devices_hold_nothing_up() {
    let (sandbox, key) = (Sandbox::new(), key());
    sandbox.write("deep/app.py", format!("KEY = \"{key}\"\n"));
    symlink("..", sandbox.work().join("deep/up")).expect("a link");
    symlink("/dev/zero", sandbox.work().join("zero.py")).expect("a link");
    symlink("loop", sandbox.work().join("loop")).expect("a link");
    let made = sandbox.command("mkfifo").args(["pipe.py", ".env"]).status().expect("mkfifo");
    assert!(made.success());
    let begun = Instant::now();
    let output = sandbox.aikeys(&["--check", "--format", "jsonl"]);
    assert_eq!(places(&output), [place("deep/app.py", 1, 8)]);
    assert_eq!(output.status.code(), Some(1), "what is met while walking is no failure");
    for name in ["zero.py", "loop", "pipe.py", ".env"] {
        let output = sandbox.aikeys(&["--check", "deep", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: what is named must be checked");
        assert!(text(&output.stderr).starts_with(&format!("warning: {name}: ")), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("deep/app.py"), "{name}: the rest is reported");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn hard_sources_are_checked_in_time() {
    let (sandbox, key) = (Sandbox::new(), key());
    let line = format!("KEY = \"{key}\"\n");
    sandbox.write("brackets.py", format!("{line}x = {}", "[".repeat(100_000)));
    sandbox
        .write("brackets.rs", format!("const {}fn main() {{ {}", line.replace(" =", ": &str ="), "(".repeat(100_000)));
    sandbox.write("broken.py", format!("def (:\n  class =\n{line}"));
    sandbox
        .write("minified.js", format!("{}k=\"{key}\";{}", "var a=b1(2);".repeat(50_000), "c.d(e[3]);".repeat(50_000)));
    sandbox.write("nested.py", format!("{line}x = {}1{}", "(".repeat(50_000), ")".repeat(50_000)));
    let begun = Instant::now();
    let output = sandbox.aikeys(&["--check", "--format", "jsonl"]);
    let found: Vec<String> = places(&output).into_iter().map(|(path, _, _)| path).collect();
    assert_eq!(
        found,
        ["brackets.py", "brackets.rs", "broken.py", "minified.js", "nested.py"],
        "{}",
        text(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(1));
    let output = sandbox.aikeys(&["--check", "minified.js"]);
    let longest = text(&output.stdout).lines().map(|line| line.chars().count()).max();
    assert!(longest < Some(200), "a long line is cut: {longest:?}");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

/// Text over and over again that made a parser or a query need the square of its length.
#[test]
fn endless_sources_are_checked_in_time() {
    let key = key();
    let (python, rust) = (format!("KEY = \"{key}\"\n"), format!("const KEY: &str = \"{key}\";\n"));
    let sources = [
        ("calls.py", format!("{python}x = a"), ".a()", ""),
        ("calls.rs", format!("{rust}fn main() {{ let x = a"), ".a()", "; }"),
        ("joined.py", format!("{python}x = "), "\\\n", ""),
        ("equal.rs", format!("{rust}fn main() {{ let x = "), "a=", ""),
        ("signs.rs", format!("{rust}fn main() {{ let x = "), "&", ""),
        ("raw.rs", format!("{rust}fn main() {{ let x = "), "r#\"", ""),
        ("else.rs", format!("{rust}fn main() {{ if x {{}} "), "else if x {} ", "}"),
        ("lines.rs", rust.clone(), "///\n", ""),
    ];
    for (name, start, again, end) in sources {
        let sandbox = Sandbox::new();
        sandbox.write(name, format!("{start}{}{end}\n", again.repeat(100_000)));
        let begun = Instant::now();
        let output = sandbox.aikeys(&["--check", "--format", "jsonl"]);
        assert_eq!(findings(&output).len(), 1, "{name}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_file_full_of_keys_that_stay_is_planned_in_time() {
    let sandbox = Sandbox::new();
    let keys = (1..=600).map(|seed| sample("openai.project", seed).expect("the catalogue has OpenAI"));
    sandbox.write("app.py", keys.map(|key| format!("x = 1  # {key}\n")).collect::<String>());
    let begun = Instant::now();
    let output = text(&sandbox.aikeys(&["--check", "--diff-only"]).stdout);
    // The first one takes the name.
    assert_eq!(output.matches("stays: ").count(), 599);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_package_is_read_once_for_all_its_findings() {
    let sandbox = Sandbox::new();
    sandbox.write("pyproject.toml", "[project]\ndependencies = [\"python-dotenv\"]\n");
    // Where a loader is imported, the facts of a file are asked for.
    let filler = "def add(a, b):\n    return a + b\n\n".repeat(60);
    for number in 0..300 {
        sandbox.write(&format!("lib/{number}.py"), format!("from dotenv import dotenv_values\n\n{filler}"));
    }
    for seed in 1..=100 {
        let key = sample("openai.project", seed).expect("the catalogue has OpenAI");
        sandbox.write(&format!("app/{seed}.py"), format!("KEY = \"{key}\"\n"));
    }
    let begun = Instant::now();
    let output = sandbox.aikeys(&["--check"]);
    assert!(text(&output.stdout).ends_with("100 errors in 401 files\n"));
    let planned = text(&sandbox.aikeys(&["--check", "--diff-only"]).stdout);
    assert_eq!(planned.matches("stays: ").count(), 99, "the first one takes the name");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_constant_is_not_followed_into_more_files_than_are_read() {
    let (sandbox, key) = (Sandbox::new(), key());
    sandbox.write("Cargo.toml", "[package]\nname = \"large\"\n");
    sandbox.write("src/key.rs", format!("pub const KEY: &str = \"{key}\";\n"));
    sandbox.write(
        "src/main.rs",
        format!("fn main() {{\n    let key = \"{key}\";\n    println!(\"{{}}\", key.len());\n}}\n"),
    );
    let plan = |sandbox: &Sandbox| text(&sandbox.aikeys(&["--check", "--diff-only"]).stdout);
    assert!(!plan(&sandbox).contains("stays: "));
    for number in 0..2_000 {
        sandbox.write(&format!("src/{number}.rs"), "use crate::key::KEY;\n");
    }
    let plan = plan(&sandbox);
    let refused = "src/key.rs:1: stays: this package has more files than the 1999 that are searched for KEY";
    assert!(plan.contains(refused) && plan.contains("+++ b/src/main.rs"), "{plan}");
}

#[test]
fn files_that_may_not_be_read_are_named() {
    let (sandbox, key) = (Sandbox::new(), key());
    sandbox.write("app.py", format!("KEY = \"{key}\"\n"));
    sandbox.write("closed.py", format!("KEY = \"{key}\"\n"));
    sandbox.write("closed/app.py", format!("KEY = \"{key}\"\n"));
    for (name, mode) in [("closed.py", 0), ("closed", 0), ("..", 0o755)] {
        fs::set_permissions(sandbox.work().join(name), fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
    if rustix::process::geteuid().is_root() {
        // Root reads everything. Nobody cannot start a program in a folder of root's, so it lies beside.
        let program = sandbox.work().join("../aikeys-lsp");
        fs::copy(env!("CARGO_BIN_EXE_aikeys-lsp"), &program).expect("copied");
        command = sandbox.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    }
    let output = command.args(["--check", "--format", "jsonl"]).output().expect("the program starts");
    fs::set_permissions(sandbox.work().join("closed"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(places(&output), [place("app.py", 1, 8)]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("warning: closed.py: Permission denied"), "{said}");
    assert!(said.lines().any(|line| line.contains("closed: Permission denied")), "{said}");
}

#[test]
fn a_long_check_says_how_far_it_is() {
    let (sandbox, key) = (Sandbox::new(), key());
    let lines = "a = os.environ['OPENAI_API_KEY']\n".repeat(6_000);
    for number in 0..2 {
        sandbox.write(&format!("{number}.py"), format!("KEY = \"{key}\"\n{lines}"));
    }
    let mut command = sandbox.command("script");
    command.env("TERM", "xterm").args(["-qec", "aikeys-lsp --check --output report.txt", "/dev/null"]);
    let shown = text(&command.output().expect("script runs").stdout);
    assert!(shown.contains("files checked"), "{shown:?}");
    assert!(shown.ends_with("\u{1b}[2K2 errors in 2 files\r\n"), "it goes away at the end: {shown:?}");
}

#[test]
fn file_names_forge_no_output() {
    let (sandbox, key) = (Sandbox::new(), key());
    let name = "a\nerror: forged\n::error::forged\u{1b}[2J\u{202e}.py";
    sandbox.write(name, format!("KEY = \"{key}\" # \u{1b}[2J\u{202e}\n"));
    for format in ["human", "github", "github-summary", "gitlab", "gitlab-secrets", "junit", "jsonl", "json", "sarif"] {
        let output = sandbox.aikeys(&["--check", "--verbose", "--format", format, name, "no\u{1b}such\nfile"]);
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(!shown.contains('\u{1b}'), "{format}: an escape character is printed");
        assert!(
            !shown.lines().any(|line| line.starts_with("error: forged") || line.starts_with("::error::forged")),
            "{format}"
        );
        assert!(!shown.lines().any(|line| line == "file"), "{format}: {shown}");
    }
    let output = sandbox.aikeys(&["--check", "--format", "jsonl", name]);
    assert_eq!(findings(&output)[0]["path"], name, "machines get the name itself");
    let human = text(&sandbox.aikeys(&["--check", name]).stdout);
    assert!(human.contains("a\\nerror: forged\\n::error::forged\\u{1b}[2J\\u{202e}.py"), "{human}");
}

#[test]
fn a_broken_pipe_is_no_success() {
    let (sandbox, key) = (Sandbox::new(), key());
    sandbox.write("app.py", format!("KEY = \"{key}\"\n").repeat(500));
    for args in [
        &["--check"][..],
        &["--check", "--format", "json"],
        &["--check", "--format", "sarif"],
        &["providers"],
        &["completions", "zsh"],
    ] {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(141), "{args:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn standard_input_can_be_anything() {
    let (sandbox, key) = (Sandbox::new(), key());
    let utf16: Vec<u8> = format!("\u{feff}KEY = \"{key}\"\n").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let texts: [(Vec<u8>, i32); 4] =
        [(Vec::new(), 0), (vec![0xff; 100_000], 0), (format!("KEY = \"{key}\"").into_bytes(), 1), (utf16, 1)];
    for (bytes, code) in texts {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(["--check", "--stdin-filename", "not/there/app.py", "--format", "jsonl"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        child.stdin.take().expect("a pipe").write_all(&bytes).expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(findings(&output).iter().all(|it| it["path"] == "not/there/app.py"));
    }
}

#[test]
fn a_colour_is_only_for_terminals() {
    let (sandbox, key) = (Sandbox::new(), key());
    sandbox.write("app.py", format!("KEY = \"{key}\"\n"));
    assert!(!text(&sandbox.aikeys(&["--check"]).stdout).contains('\u{1b}'));
    assert!(text(&sandbox.aikeys(&["--check", "--color", "always"]).stdout).contains('\u{1b}'));
    sandbox.aikeys(&["--check", "--color", "always", "--output", "report.txt"]);
    let report = fs::read_to_string(sandbox.work().join("report.txt")).expect("a report");
    assert!(report.contains("sk-proj-…") && !report.contains('\u{1b}'), "{report}");
}

#[test]
fn sarif_is_what_code_scanning_takes() {
    let (sandbox, key) = (Sandbox::new(), key());
    sandbox.write("src/a b.py", format!("# 🔑 é\nx = 1; \"🔑é\"; KEY = \"{key}\"; AGAIN = \"{key}\"\n"));
    let output = sandbox.aikeys(&["--check", "--format", "sarif", "src", "missing"]);
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false, "a path is missing");
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string() && driver["semanticVersion"].is_string());
    let rules = driver["rules"].as_array().expect("rules");
    for rule in rules {
        for text in [
            &rule["shortDescription"]["text"],
            &rule["fullDescription"]["text"],
            &rule["help"]["text"],
            &rule["help"]["markdown"],
        ] {
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
        let properties = &rule["properties"];
        let severity: f64 = properties["security-severity"].as_str().expect("a string").parse().expect("a number");
        assert!((0.1..=10.0).contains(&severity));
        let tags = properties["tags"].as_array().expect("tags");
        assert!(tags.iter().any(|it| it == "security"));
        let weakness = tags.iter().any(|it| it.as_str().is_some_and(|it| it.starts_with("external/cwe/cwe-")));
        assert_eq!(weakness, rule["id"] != "unused-ignore", "a comment is no weakness");
        assert!(
            ["error", "warning", "note", "none"].iter().any(|level| rule["defaultConfiguration"]["level"] == *level)
        );
    }
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "src/a%20b.py");
        assert!(
            place["region"].get("snippet").is_none() && place.get("contextRegion").is_none(),
            "a snippet holds the key"
        );
        assert_eq!(place["region"]["startLine"], 2);
    }
    // `x = 1; "🔑é"; KEY = "`: the key sign is two UTF-16 units, the letter one.
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startColumn"], 22);
    let identities: Vec<&Value> = results.iter().map(|it| &it["partialFingerprints"]["aikeysKey/v1"]).collect();
    assert!(identities[0].is_string() && identities[0] != identities[1], "results are told apart");
}

#[test]
fn an_inventory_takes_the_time_of_its_keys() {
    let sandbox = Sandbox::new();
    let seconds = |count: u64| {
        let keys = (0..count).map(|seed| sample("groq.api", seed).expect("the catalogue has Groq"));
        let lines = keys.enumerate().map(|(number, key)| format!("GROQ_API_KEY_{number}={key}\n"));
        sandbox.write(".env", lines.collect::<String>());
        let begun = Instant::now();
        let out = sandbox.aikeys(&["inventory", "--format", "json"]);
        let list: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let entries = list["entries"].as_array().expect("entries");
        let named = |it: &Value| it["variables"].as_array().is_some_and(|it| it.len() == 1);
        assert!(entries.len() as u64 == count && entries.iter().all(named));
        begun.elapsed()
    };
    let (few, many) = (seconds(500), seconds(4000));
    // Eight times as many; where each asked for all others, it would be sixty times as long.
    assert!(many < 24 * few, "{few:?} for 500 keys, {many:?} for 4,000");
}
