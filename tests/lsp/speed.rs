//! How long a keystroke takes.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;
use super::project::{Project, key};

const KEYSTROKES: i32 = 200;

#[test]
#[allow(clippy::print_stdout, reason = "the number is worth a look: `cargo test speed -- --nocapture`")]
fn a_keystroke_is_answered_before_it_is_noticed() {
    let project = Project::new(&[]);
    let mut text = String::from("import os\nimport openai\n\n");
    let mut number = 0;
    while text.lines().count() < 2_000 {
        number += 1;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "def function_{number}(name, count={number}):\n    value = os.environ.get(\"SETTING_{number}\", \"default\")\n    \
             return {{\"name\": name, \"count\": count + {number}, \"value\": value}}\n\n\n"
        );
    }
    let _ = writeln!(text, "client = openai.OpenAI(api_key=\"{}\")", key(30));
    let mut client = Client::start();
    client.initialize(json!({"general": {"positionEncodings": ["utf-16"]}}));
    let uri = project.uri("app.py");
    client.open(&uri, "python", &text);
    assert_eq!(client.published(&uri, 1).len(), 1);
    let mut times = Vec::new();
    for number in 0..KEYSTROKES {
        let (version, at) = (number + 2, json!({"line": 1_000, "character": number}));
        let change = json!({"range": {"start": at, "end": at}, "text": "x"});
        let params = json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]});
        let started = Instant::now();
        client.notify("textDocument/didChange", params);
        assert_eq!(client.published(&uri, version).len(), 1);
        times.push(started.elapsed());
    }
    times.sort();
    let (median, slow) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    println!("keystroke to diagnostics in {} lines: median {median:.1?}, 95 % {slow:.1?}", text.lines().count());
    assert!(median < limit(), "the median is {median:?}");
    client.shut_down();
}

/// The promise is 10 ms; without optimisation our own code is several times slower.
fn limit() -> Duration {
    Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 10 })
}
