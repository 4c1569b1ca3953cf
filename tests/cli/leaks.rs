//! No output shows more of a key than its prefix and its last four characters: any shape, any place, any format.

use std::collections::BTreeMap;

use super::{Sandbox, text};
use aikeys::secrets::{Catalogue, sample};

use crate::support::Keyed;

/// Where keys stand: file name, and text with `{key}`, `{other}` (of another shape) and `{opaque}` (of no known shape).
const PLACES: &[(&str, &str)] = &[
    ("plain.py", "from openai import OpenAI\nclient = OpenAI(api_key=\"{key}\")\n"),
    (
        "fallback.py",
        "import os\nkey = os.getenv(\"OPENAI_API_KEY\", \"{key}\")\nother = os.environ.get(\"{key}\", \"{other}\")\n",
    ),
    ("name.py", "import os\nkey = os.environ.get(\"{key}\", default=\"{key}\")\n"),
    ("line.py", "a, b, c = \"{key}\", \"{other}\", \"{opaque}\"  # {opaque}\n"),
    ("same.py", "keys = [\"{key}\", \"{key}\"]\n"),
    ("glued.py", "x = \"{key}{opaque}\"\ny = \"prefix-{key}\"\nurl = \"https://u:{opaque}@h/?k={key}&{opaque}\"\n"),
    (
        "ignored.py",
        "a = \"{key}\"  # aikeys: ignore[hardcoded-ai-key]\nMISTRAL_API_KEY = \"{opaque}\"  # aikeys: ignore[literal-in-key-slot]\n",
    ),
    ("strange.py", "a = 1  # aikeys: ignore[{key}] {other}\n# aikeys: ignore[{opaque}] until=2020-01-01 {key}\n"),
    (
        "slot.py",
        "from mistralai import Mistral\nclient = Mistral(api_key=\"{opaque}\")  # \"{key}\"\nMISTRAL_API_KEY = \"{opaque}\"\n",
    ),
    ("text.py", "a = \"\"\"\nfirst {key}\n{other}\n\"\"\"\nb = f\"Bearer {key}\"\n"),
    (
        "main.rs",
        "const KEY: &str = \"{key}\"; // {other} {opaque}\nfn main() { let a = std::env::var(\"{key}\").unwrap_or(\"{other}\".into()); }\n",
    ),
    ("notes.md", "Use `{key}` or {other}, not {opaque}.\n"),
    ("data.json", "{\"key\": \"{key}\", \"{other}\": 1, \"x\": \"{opaque}\"}\n"),
    (".env", "OPENAI_API_KEY={key} # {other}\nPASSWORD='{opaque}'\n"),
    (".env.production", "{key}={other}\nMISTRAL_API_KEY={opaque}\n"),
    ("cr.py", "a = 1\rKEY = \"{key}\"\r\nb = \"{other}\"\r\n"),
    ("broken.py", "def f(:\n  \"{key}\n  '{other}'''{key}\n"),
];

/// Everything that prints.
const OUTPUTS: &[&[&str]] = &[
    &["--check", "--verbose", "--color", "always"],
    &["--check", "--format", "json"],
    &["--check", "--format", "jsonl"],
    &["--check", "--format", "sarif"],
    &["--check", "--format", "github"],
    &["--check", "--write-baseline", "../baseline.json"],
];

#[test]
fn no_output_shows_a_key() {
    let catalogue = Catalogue::built_in();
    let shapes: Vec<&str> = catalogue
        .shapes()
        .map(|id| catalogue.shape(id).1)
        .filter(|shape| shape.stands_alone())
        .map(|shape| shape.id.as_str())
        .collect();
    assert!(shapes.len() > 100);
    // Each shape once; a round is a folder with all the places.
    for (round, shape) in shapes.iter().enumerate().step_by(9) {
        let sandbox = Sandbox::new();
        let mut keys = BTreeMap::new();
        for (at, shape) in shapes.iter().cycle().skip(round).take(9).enumerate() {
            let key = sample(shape, 1000 + round as u64).expect("a sample");
            let other = sample(shapes[(round * 7 + at) % shapes.len()], 2000 + at as u64).expect("a sample");
            let opaque = sample("mistral.api", 3000 + round as u64).expect("a sample");
            // Every place is taken by every third shape.
            for (name, text) in PLACES.iter().skip(at % 3).step_by(3) {
                let text = text.replace("{key}", &key).replace("{other}", &other).replace("{opaque}", &opaque);
                sandbox.write(&format!("{at}/{name}"), text);
            }
            if at == 0 {
                sandbox.write("min.js", minified(&key, &other, &opaque));
            }
            sandbox.write(&format!("{at}/data.bin"), format!("\0\n\u{1}{key}\0{opaque}\u{1}{other}"));
            keys.insert(format!("{{{shape}}}"), key);
            keys.insert(format!("{{{}#2}}", shapes[(round * 7 + at) % shapes.len()]), other);
            keys.insert("{mistral.api}".to_owned(), opaque);
        }
        let keyed = Keyed { text: String::new(), keys };
        for args in OUTPUTS {
            let output = sandbox.aikeys(args);
            let shown = text(&output.stdout) + &text(&output.stderr);
            let leak = shown.lines().find(|line| keyed.leaks(line)).map(|line| keyed.without_keys(line));
            assert_eq!(leak, None, "{args:?} shows a key (round of {shape})");
            assert!(
                output.status.code() == Some(1) || args.contains(&"--write-baseline"),
                "{args:?}: {}",
                text(&output.stderr)
            );
        }
        let baseline = std::fs::read_to_string(sandbox.work().join("../baseline.json")).expect("a baseline");
        assert!(!keyed.leaks(&baseline) && baseline.contains("fingerprint"), "the baseline shows a key");
    }
}

#[test]
fn no_diff_shows_a_key() {
    for shape in ["openai.project", "anthropic.api", "google-gemini.standard", "modal.id"] {
        let sandbox = Sandbox::new();
        let key = sample(shape, 1).expect("a sample");
        let (other, opaque) = (sample("groq.api", 2).expect("a sample"), sample("mistral.api", 3).expect("a sample"));
        for (name, text) in PLACES {
            sandbox.write(name, text.replace("{key}", &key).replace("{other}", &other).replace("{opaque}", &opaque));
        }
        let keys =
            [(format!("{{{shape}}}"), key), ("{groq.api}".to_owned(), other), ("{mistral.api}".to_owned(), opaque)];
        let keyed = Keyed { text: String::new(), keys: keys.into() };
        let output = sandbox.aikeys(&["--check", "--diff-only"]);
        let shown = text(&output.stdout) + &text(&output.stderr);
        let leak = shown.lines().find(|line| keyed.leaks(line)).map(|line| keyed.without_keys(line));
        assert_eq!(leak, None, "the diff shows a key of {shape}");
        assert!(shown.contains("+++"), "there is a diff: {shown}");
    }
}

/// A long line with keys so close to each other that an excerpt of one could cut another.
fn minified(key: &str, other: &str, opaque: &str) -> String {
    let filler = "var a=b(c[0]);".repeat(40);
    let gaps: String = (0..60)
        .map(|gap| format!("k(\"{key}\");{}\"{other}\";{}'{opaque}';", &filler[..gap], &filler[..gap * 2]))
        .collect();
    format!("{filler}{gaps}{filler}")
}
