//! Where keys stand: every position in which a key can be met, and some in which none ever should.

use aikeys::secrets::{Catalogue, sample, without_keys};

/// Keys that their shape gives away.
const SHAPES: [&str; 8] = [
    "openai.project",
    "anthropic.api",
    "groq.api",
    "huggingface.user",
    "replicate.api",
    "openrouter.api",
    "openai.legacy",
    "perplexity.api",
];
/// Keys without a prefix, which only their place gives away.
const BARE: [&str; 2] = ["mistral.api", "cohere.api"];

/// A key that nothing may show.
pub struct Key {
    /// All of it.
    pub text: String,
    /// What may be shown of its start.
    prefix: usize,
}

/// The shapes of the catalogue that need no place to be told by, in groups. Public halves of keys are no secrets.
pub fn groups() -> Vec<Vec<&'static str>> {
    let catalogue = Catalogue::built_in();
    let shapes = catalogue.shapes().map(|id| catalogue.shape(id).1).filter(|shape| shape.stands_alone());
    let is_secret = |id: &&str| sample(id, 1).is_some_and(|key| without_keys(&key) != key);
    let ids: Vec<&str> = shapes.map(|shape| shape.id.as_str()).filter(is_secret).collect();
    assert!(ids.len() > 100, "only {} shapes", ids.len());
    ids.chunks(SHAPES.len()).map(<[&str]>::to_vec).collect()
}

/// The keys of one round.
pub struct Keys {
    /// Everywhere.
    pub shaped: Vec<Key>,
    /// In slots.
    pub bare: Vec<Key>,
}

impl Key {
    fn new(shape: &str, seed: u64) -> Key {
        let catalogue = Catalogue::built_in();
        let id = catalogue.shape_named(shape).expect("a shape");
        Key { text: sample(shape, seed).expect("a sample"), prefix: catalogue.shape(id).1.prefix().len() }
    }

    /// A piece of the middle of the key, as it is or encoded, that stands in the output.
    pub fn shown_in<'k>(&'k self, output: &[u8]) -> Option<&'k str> {
        let middle = &self.text[self.prefix..self.text.len() - 4];
        let pieces = (0..=middle.len() - WINDOW).map(|at| &middle[at..at + WINDOW]);
        let holds = |piece: &str| memchr::memmem::find(output, piece.as_bytes()).is_some();
        let hex = |piece: &str| piece.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let lower = output.to_ascii_lowercase();
        let holds_hex = |piece: &str| memchr::memmem::find(&lower, hex(piece).as_bytes()).is_some();
        let encoded = |piece: &&str| holds(piece) || holds_hex(piece);
        let mut pieces = pieces;
        pieces.find(encoded).or_else(|| (0..3).any(|skip| holds(&base64(&middle[skip..]))).then_some(middle))
    }
}

/// So many characters of a key's middle in a row are a leak.
const WINDOW: usize = 8;

/// The first whole groups of base64: as they stand wherever this text begins at a group.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let number = bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
        [18, 12, 6, 0].map(|shift| char::from(ALPHABET[number >> shift & 63]))
    };
    text.as_bytes().chunks_exact(3).take(4).flat_map(group).collect()
}

impl Keys {
    /// The same seed, the same keys.
    pub fn new(seed: u64) -> Keys {
        Keys::of(&SHAPES, seed)
    }

    /// Keys of these shapes.
    pub fn of(shapes: &[&str], seed: u64) -> Keys {
        // Each key its own seed: two keys of one seed are made of the same characters.
        let keys = |shapes: &[&str], from: u64| {
            let numbered = shapes.iter().zip(from..);
            numbered.map(|(shape, number)| Key::new(shape, seed * 100 + number)).collect()
        };
        Keys { shaped: keys(shapes, 0), bare: keys(&BARE, 50) }
    }

    pub fn all(&self) -> impl Iterator<Item = &Key> {
        self.shaped.iter().chain(&self.bare)
    }

    /// The `n`th key, round and round.
    pub fn nth(&self, n: usize) -> &str {
        &self.shaped[n % self.shaped.len()].text
    }
}

/// The files of a workspace: names and bytes.
pub fn files(keys: &Keys) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut number = 0;
    for (name, text) in TEXTS {
        let mut text = (*text).to_owned();
        while let Some(at) = text.find("{K}") {
            text.replace_range(at..at + 3, keys.nth(number));
            number += 1;
        }
        let text = text.replace("{M}", &keys.bare[0].text).replace("{C}", &keys.bare[1].text);
        files.push(((*name).to_owned(), text.into_bytes()));
    }
    let key = |n: usize| keys.nth(n).as_bytes();
    files.push(("latin.py".into(), [b"# caf\xe9\nkey = \"", key(0), b"\"\n# \xff", key(1), b"\xfe\n"].concat()));
    files.push(("photo.bin".into(), [b"\0\x01\x02 ", key(2), b" \0"].concat()));
    let wide = format!("key = \"{}\"\n", keys.nth(3));
    files.push((
        "wide.txt".into(),
        [vec![0xff, 0xfe], wide.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
    ));
    // Keys so close to each other that an excerpt of one could cut another.
    let gaps = (0..40).map(|gap| format!("k(\"{}\");{}'{}';", keys.nth(gap), "a(1);".repeat(gap), keys.bare[0].text));
    let long = format!("{0}{1}{0}", "a(1);".repeat(20_000), gaps.collect::<String>());
    files.push(("app.min.js".into(), long.into_bytes()));
    files.push(("numbers.py".into(), format!("x = [{}\"{}\"]\n", "1, ".repeat(30_000), keys.nth(5)).into_bytes()));
    files.push((format!("notes-{}.md", keys.nth(6)), format!("see {}\n", keys.nth(7)).into_bytes()));
    files.push((format!("{}/app.py", keys.nth(0)), format!("key = \"{}\"\n", keys.nth(1)).into_bytes()));
    files.push((format!(".env.{}", keys.nth(2)), format!("OPENAI_API_KEY={}\n", keys.nth(0)).into_bytes()));
    files
}

/// `{K}` is the next key with a shape; `{M}` and `{C}` are a Mistral and a Cohere key.
pub const TEXTS: &[(&str, &str)] = &[
    ("literals.py", "a = \"{K}\"\nb = '{K}'\nc = \"\"\"{K}\"\"\"\nd = r\"{K}\"\ne = b\"{K}\"\nf = (\"{K}\", '{K}')\n"),
    (
        "formats.py",
        "h = f\"Bearer {K}\"\ni = f'{{x}} {K} {1 + 1}'\nj = \"%s {K}\" % 1\nk = \"key: {}\".format(\"{K}\")\n",
    ),
    ("comments.py", "# {K}\n\"\"\"Says {K}.\"\"\"\nx = 1  # was {K} # and {K}\n"),
    (
        "reads.py",
        "import os\na = os.environ[\"{K}\"]\nb = os.getenv(\"OPENAI_API_KEY\", \"{K}\")\nos.environ[\"{K}\"] = \"x\"\nc = os.environ.get(\"{K}\", \"{K}\")\n",
    ),
    (
        "ignored.py",
        "a = \"{K}\"  # aikeys: ignore[hardcoded-ai-key] {K}\nb = 1  # aikeys: ignore[{K}] why\n# aikeys: ignore[hardcoded-ai-key] {K}\nc = 2\n",
    ),
    (
        "slots.py",
        "from mistralai import Mistral\nimport cohere\n# the key is {M}\na = Mistral(api_key=\"{M}\")\nb = cohere.ClientV2(api_key=\"{C}\"); old = \"{C}\"\nMISTRAL_API_KEY = \"{M}\"\n",
    ),
    ("both.py", "from mistralai import Mistral\na = Mistral(api_key=\"{M}\"); b = \"{K}\"; c = \"{K}\"\n"),
    ("broken.py", "def f(:\n    x = (\"{K}\n    y = \"{K}\"\n"),
    ("unclosed.rs", "fn main() { let k = \"{K}\n"),
    (
        "src/main.rs",
        "const KEY: &str = \"{K}\";\nconst MISTRAL_API_KEY: &str = \"{M}\";\n// {K}\nfn main() {\n    let a = std::env::var(\"{K}\").unwrap_or(\"{K}\".into());\n    println!(\"{} {a}\", KEY);\n    let b = [\"{K}\", r#\"{K}\"#];\n    match a.as_str() { \"{K}\" => {}, _ => {} }\n    println!(\"{}\", concat!(\"{K}\", \"x\"));\n}\n",
    ),
    (
        "README.md",
        "# {K}\n\n`{K}` and [a link](https://example.com/?key={K})\n\n```sh\nexport OPENAI_API_KEY={K}\n```\n",
    ),
    (".env", "OPENAI_API_KEY={K}\nMISTRAL_API_KEY={M}\nQUOTED=\"{K}\" # {K}\n{K}=x\n"),
    ("deep/.env", "A={K}\n"),
    (".env.example", "OPENAI_API_KEY={K}\n"),
    ("data.json", "{\"{K}\": \"{K}\", \"url\": \"https://user:{K}@api.openai.com/\"}\n"),
    ("book.ipynb", "{\"cells\": [{\"source\": [\"key = \\\"{K}\\\"\"], \"outputs\": [{\"text\": \"{K}\"}]}]}\n"),
    (
        "compose.yaml",
        "services:\n  a:\n    environment:\n      OPENAI_API_KEY: {K}\n      ANTHROPIC_API_KEY: \"{K}\"\n",
    ),
    ("tabs.txt", "\t{K}\t{K}\r\n\u{200b}{K}\u{202e}\u{1b}[31m{K}\n"),
    ("line.py", "a, b, c = \"{K}\", \"{K}\", \"{M}\"  # {M}\nd = \"prefix-{K}\", \"{K}{M}\"\n"),
    ("until.py", "a = 1  # aikeys: ignore[{M}] {K}\n# aikeys: ignore[{K}] until=2020-01-01 {K}\n"),
    ("returns.py", "a = 1\rKEY = \"{K}\"\r\nb = \"{K}\"\r\n"),
    (".env.production", "{K}={K}\nMISTRAL_API_KEY={M}\n"),
    (
        "url.py",
        "url = \"https://u:{M}@host/?k={K}&{M}\"\nMISTRAL_API_KEY = \"{M}\"  # aikeys: ignore[literal-in-key-slot]\n",
    ),
    (
        ".claude/settings.json",
        "{\"permissions\": {\"allow\": [\"Bash({K} a)\", \"{K}\"], \"deny\": [\"{K} {K}\"]}, \"{K}\": {\"{K}\": \"{K}\"}}\n",
    ),
    ("appsettings.json", "{\"{K}\": {\"ApiKey\": \"{K}\"}, \"A\": {\"{K}\": \"{K}\"}}\n"),
    ("wrangler.toml", "[vars]\n{K} = \"{K}\"\nA = \"{K}\" # {K}\n"),
    ("Dockerfile", "FROM a\nENV {K}={K} B={K}\nARG A={K}\nRUN x {K} '{K}'\nLABEL {K}=\"{K}\"\n# {K}\n"),
    (
        ".vscode/mcp.json",
        "{\"inputs\": [{\"id\": \"{K}\"}], \"servers\": {\"{K}\": {\"env\": {\"{K}\": \"{K}\", \"A\": \"{K}\"}}}}\n",
    ),
    (".github/workflows/a.yml", "env:\n  {K}: {K}\njobs:\n  {K}:\n    steps:\n      - run: x {K}\n"),
    (".aider.chat.history.md", "> {K}\n"),
    (".aider.conf.yml", "openai-api-key: {K}\napi-key: [a={K}]\n{K}: {K}\n"),
    ("glued.txt", "{K}{K}\nx{K}\n{K}.{K}\nkey={K}&other={K}\n"),
];
