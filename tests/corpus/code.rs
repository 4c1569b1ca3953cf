//! The code that keys of the corpus stand in.

use aikeys::secrets::{Catalogue, Client};
use base64::prelude::{BASE64_STANDARD, Engine as _};

/// A file.
pub struct Snippet {
    pub path: &'static str,
    pub place: String,
    pub text: String,
}

/// Positions: the language, and a text with `{name}` and `{key}`.
pub type Place = (&'static str, &'static str);

/// Where a key of a telling shape can stand.
pub const PLACES: &[Place] = &[
    ("py", "{name} = \"{key}\"\n"),
    ("py", "{name}: str = '{key}'\n"),
    ("py", "first, {name} = 1, \"{key}\"\n"),
    ("py", "if ({name} := \"{key}\"):\n    print(1)\n"),
    ("py", "settings = {\"{name}\": \"{key}\"}\n"),
    ("py", "def call({name}=\"{key}\"):\n    return {name}\n"),
    ("py", "call(1, {name}=\"{key}\", other=2)\n"),
    ("py", "call([\"{key}\", \"b\"])\n"),
    ("py", "url = \"https://example.com/v1/items?{name}={key}\"\n"),
    ("py", "text = \"\"\"\nAuthorization: Bearer {key}\n\"\"\"\n"),
    ("py", "# curl -H 'Authorization: Bearer {key}' https://example.com\n"),
    ("py", "def call():\n    \"\"\"Call it.\n\n    >>> call('{key}')\n    \"\"\"\n"),
    ("py", "data = b\"{key}\"\n"),
    ("py", "data = r\"{key}\"\n"),
    ("py", "header = f\"Bearer {key} {other}\"\n"),
    ("py", "@task({name}=\"{key}\")\ndef run():\n    pass\n"),
    ("py", "parser.add_argument(\"--{name}\", default=\"{key}\")\n"),
    ("py", "import os\nos.environ.setdefault(\"SETTING\", \"{key}\")\n"),
    ("py", "import os\nos.environ.update({\"SETTING\": \"{key}\"})\n"),
    ("py", "import subprocess\nsubprocess.run([\"curl\", \"-H\", \"Authorization: Bearer {key}\"])\n"),
    ("py", "def test_it():\n    assert {name} == \"{key}\"\n"),
    ("py", "match {name}:\n    case \"{key}\":\n        pass\n"),
    ("py", "class Config:\n    {name} = \"{key}\"\n"),
    ("py", "print(\"a\" + \"{key}\")\n"),
    ("py", "call(lambda: \"{key}\")\n"),
    ("py", "value = {name} or \"{key}\"\n"),
    ("rs", "const NAME: &str = \"{key}\";\n"),
    ("rs", "static NAME: &str = r#\"{key}\"#;\n"),
    ("rs", "fn main() {\n    let {name} = \"{key}\".to_string();\n}\n"),
    ("rs", "fn main() {\n    let {name} = String::from(\"{key}\");\n}\n"),
    ("rs", "fn main() {\n    let config = Config { {name}: \"{key}\".into(), other: 1 };\n}\n"),
    ("rs", "fn main() {\n    let pair = (\"a\", \"{key}\");\n}\n"),
    ("rs", "fn main() {\n    let all = vec![\"{key}\", \"b\"];\n}\n"),
    ("rs", "fn main() {\n    let body = json!({ \"{name}\": \"{key}\" });\n}\n"),
    ("rs", "fn main() {\n    println!(\"Bearer {key} {}\", 1);\n}\n"),
    ("rs", "fn main() {\n    let call = || \"{key}\";\n}\n"),
    ("rs", "fn main() {\n    match text {\n        \"{key}\" => 1,\n        _ => 2,\n    };\n}\n"),
    ("rs", "fn main() {\n    let data = b\"{key}\";\n}\n"),
    ("rs", "/// `Authorization: Bearer {key}`\nfn main() {}\n"),
    ("rs", "// {name} = {key}\nfn main() {}\n"),
    ("rs", "#[derive(Parser)]\nstruct Args {\n    #[arg(default_value = \"{key}\")]\n    {name}: String,\n}\n"),
    ("rs", "fn main() {\n    unsafe { std::env::set_var(\"SETTING\", \"{key}\") };\n}\n"),
    ("rs", "fn main() {\n    let {name} = std::env::var(\"SETTING\").unwrap_or_else(|_| \"{key}\".to_string());\n}\n"),
    ("rs", "fn main() {\n    assert_eq!({name}, \"{key}\");\n}\n"),
    ("rs", "fn main() {\n    client.get(\"https://example.com\").bearer_auth(\"{key}\");\n}\n"),
    ("py", "text = \"first line\\n{key}\\nlast line\"\n"),
    ("py", "text = 'key:\\t{key}\\r\\n'\n"),
    ("py", "script = \"export {name}={key}\\nrun\"\n"),
    (
        "py",
        "from dataclasses import dataclass, field\n\n@dataclass\nclass Config:\n    {name}: str = field(default=\"{key}\")\n",
    ),
    ("py", "class Settings(BaseSettings):\n    {name}: SecretStr = SecretStr(\"{key}\")\n"),
    ("py", "@click.option(\"--{name}\", default=\"{key}\")\ndef run({name}):\n    pass\n"),
    ("py", "self.{name} = \"{key}\"\n"),
    ("py", "x = y = \"{key}\"\n"),
    ("py", "name, {name} = (\"a\", \"{key}\")\n"),
    ("py", "call(**{\"{name}\": \"{key}\"})\n"),
    ("py", "url = f\"https://{host}/v1?key={key}&alt=sse\"\n"),
    ("py", "body = '{\"{name}\": \"{key}\"}'\n"),
    ("py", "body = \"{\\\"{name}\\\": \\\"{key}\\\"}\"\n"),
    ("py", "if {name} == '{key}' and other:\n    pass\n"),
    ("py", "return_value = {name} if {name} else '{key}'\n"),
    ("py", "async def call():\n    await send(token='{key}')\n"),
    ("py", "yield_value = [key for key in ('{key}',)]\n"),
    ("py", "raise ValueError('bad key: {key}')\n"),
    ("py", "KEYS = {'{key}': 'first'}\n"),
    ("py", "text = 'it is {key}.'\n"),
    ("py", "text = 'see ({key}), please'\n"),
    ("py", "command = 'curl -u {key}: https://example.com'\n"),
    ("py", "url = 'https://user:{key}@example.com/x'\n"),
    ("py", "text = '<key>{key}</key>'\n"),
    ("rs", "fn main() {\n    let text = \"first\\n{key}\\nlast\";\n}\n"),
    ("rs", "fn main() {\n    let body = \"{\\\"{name}\\\":\\\"{key}\\\"}\";\n}\n"),
    ("rs", "fn main() {\n    let data: &[u8] = br\"{key}\";\n}\n"),
    ("rs", "fn main() {\n    let text = c\"{key}\";\n}\n"),
    ("rs", "fn main() {\n    call(Some(\"{key}\"));\n}\n"),
    ("rs", "fn main() {\n    let url = format!(\"https://example.com/?key={key}&n={}\", 1);\n}\n"),
    ("rs", "mod tests {\n    #[test]\n    fn calls() {\n        assert!(call(\"{key}\").is_ok());\n    }\n}\n"),
    ("rs", "/// ```\n/// let key = \"{key}\";\n/// ```\nfn main() {}\n"),
    ("rs", "//! Key: {key}\n\nfn main() {}\n"),
    ("rs", "/* {key} */\nfn main() {}\n"),
    ("rs", "#[doc = \"{key}\"]\nfn main() {}\n"),
    ("rs", "fn main() {\n    let map = HashMap::from([(\"{name}\", \"{key}\")]);\n}\n"),
    ("rs", "fn main() {\n    my_macro!({name} => \"{key}\");\n}\n"),
    ("rs", "fn main() {\n    if {name} == \"{key}\" {}\n}\n"),
    (
        "rs",
        "impl Default for Config {\n    fn default() -> Self {\n        Self { {name}: \"{key}\".to_owned() }\n    }\n}\n",
    ),
    ("rs", "enum Key {\n    A,\n}\nfn main() {\n    let it = Key::Named(\"{key}\".into());\n}\n"),
];

/// Where the name tells: a variable of the provider.
pub const NAMED: &[Place] = &[
    ("py", "{name} = \"{key}\"\n"),
    ("py", "{name}: str = \"{key}\"\n"),
    ("py", "import os\nos.environ[\"{name}\"] = \"{key}\"\n"),
    ("py", "import os\nos.environ.setdefault(\"{name}\", \"{key}\")\n"),
    ("py", "import os\nvalue = os.getenv(\"{name}\", \"{key}\")\n"),
    ("py", "import os\nvalue = os.environ.get(\"{name}\") or \"{key}\"\n"),
    ("py", "settings = {\"{name}\": \"{key}\", \"other\": 1}\n"),
    ("py", "import os\nos.environ.update({\"{name}\": \"{key}\"})\n"),
    ("py", "import subprocess\nsubprocess.run([\"app\"], env={\"{name}\": \"{key}\"})\n"),
    ("py", "class Config:\n    {name} = \"{key}\"\n"),
    ("py", "import os\nvalue = \"{key}\"\nos.environ[\"{name}\"] = value\n"),
    ("rs", "const {name}: &str = \"{key}\";\n"),
    ("rs", "static {name}: &str = \"{key}\";\n"),
    ("rs", "fn main() {\n    unsafe { std::env::set_var(\"{name}\", \"{key}\") };\n}\n"),
    ("rs", "fn main() {\n    let value = std::env::var(\"{name}\").unwrap_or(\"{key}\".to_string());\n}\n"),
    ("rs", "fn main() {\n    let value = std::env::var(\"{name}\").unwrap_or_else(|_| \"{key}\".into());\n}\n"),
    ("rs", "fn main() {\n    Command::new(\"app\").env(\"{name}\", \"{key}\");\n}\n"),
    ("py", "class Config:\n    def __init__(self):\n        self.{lower} = \"{key}\"\n"),
    ("py", "first, {name} = 1, \"{key}\"\n"),
    ("py", "if ({lower} := \"{key}\"):\n    print(1)\n"),
    ("py", "def call({lower}=\"{key}\"):\n    return {lower}\n"),
    ("py", "call(1, {lower}=\"{key}\", other=2)\n"),
    ("py", "parser.add_argument(\"--{kebab}\", default=\"{key}\")\n"),
    ("py", "@click.option(\"--{kebab}\", default=\"{key}\")\ndef run({lower}):\n    pass\n"),
    ("py", "@click.option(\"--key\", envvar=\"{name}\", default=\"{key}\")\ndef run(key):\n    pass\n"),
    ("py", "class Settings(BaseSettings):\n    {lower}: str = Field(default=\"{key}\")\n"),
    ("py", "class Settings(BaseSettings):\n    {lower}: SecretStr = SecretStr(\"{key}\")\n"),
    ("py", "@dataclass\nclass Config:\n    {lower}: str = field(default=\"{key}\")\n"),
    ("py", "import os\nos.environ.update({name}=\"{key}\")\n"),
    ("py", "import os\nos.environ |= {\"{name}\": \"{key}\"}\n"),
    ("py", "import os\nos.putenv(\"{name}\", \"{key}\")\n"),
    ("py", "import subprocess\nsubprocess.Popen(cmd, env={**os.environ, \"{name}\": \"{key}\"})\n"),
    ("py", "env = dict(os.environ, {name}=\"{key}\")\n"),
    ("py", "def test_it(monkeypatch):\n    monkeypatch.setenv(\"{name}\", \"{key}\")\n"),
    ("py", "@patch.dict(os.environ, {\"{name}\": \"{key}\"})\ndef test_it():\n    pass\n"),
    ("py", "if os.environ[\"{name}\"] == \"{key}\":\n    pass\n"),
    ("py", "assert {lower} == \"{key}\"\n"),
    ("py", "{name} = os.environ.get(\"OTHER\", \"{key}\")\n"),
    ("py", "{name} = \"{key}\" if debug else None\n"),
    ("py", "{name} = (\n    \"{key}\"\n)\n"),
    ("py", "{name} = b\"{key}\"\n"),
    ("py", "{name} = r'{key}'\n"),
    ("py", "{name} = \"\"\"{key}\"\"\"\n"),
    ("py", "{name} = \"{key}\".strip()\n"),
    ("py", "{name} = str(\"{key}\")\n"),
    ("py", "# {name}={key}\n"),
    ("py", "# {name} = \"{key}\"\n"),
    ("py", "\"\"\"Run it.\n\n    export {name}={key}\n\"\"\"\n"),
    ("py", "os.system(\"{name}={key} python run.py\")\n"),
    ("py", "env_file = \"\"\"\n{name}={key}\nOTHER=1\n\"\"\"\n"),
    ("py", "body = '{\"{name}\": \"{key}\"}'\n"),
    ("py", "config = {\"mcp\": {\"env\": {\"{name}\": \"{key}\"}}}\n"),
    ("py", "settings[\"{lower}\"] = \"{key}\"\n"),
    ("py", "KEYS = [(\"{name}\", \"{key}\")]\n"),
    ("py", "set_key(\".env\", \"{name}\", \"{key}\")\n"),
    ("rs", "fn main() {\n    let {lower} = \"{key}\";\n}\n"),
    ("rs", "fn main() {\n    let {lower}: String = \"{key}\".into();\n}\n"),
    ("rs", "fn main() {\n    let {lower} = String::from(\"{key}\");\n}\n"),
    ("rs", "fn main() {\n    let {lower} = SecretString::from(\"{key}\".to_string());\n}\n"),
    ("rs", "fn main() {\n    let config = Config { {lower}: \"{key}\".to_string(), n: 1 };\n}\n"),
    ("rs", "fn main() {\n    let config = Config { {lower}: Some(\"{key}\".into()), n: 1 };\n}\n"),
    ("rs", "fn main() {\n    let map = HashMap::from([(\"{name}\", \"{key}\")]);\n}\n"),
    ("rs", "fn main() {\n    map.insert(\"{name}\".to_string(), \"{key}\".to_string());\n}\n"),
    ("rs", "fn main() {\n    let body = json!({ \"{name}\": \"{key}\" });\n}\n"),
    ("rs", "fn main() {\n    Command::new(\"app\").envs([(\"{name}\", \"{key}\")]);\n}\n"),
    ("rs", "fn main() {\n    temp_env::with_var(\"{name}\", Some(\"{key}\"), || run());\n}\n"),
    (
        "rs",
        "#[derive(Parser)]\nstruct Args {\n    #[arg(long, env = \"{name}\", default_value = \"{key}\")]\n    key: String,\n}\n",
    ),
    ("rs", "#[derive(Parser)]\nstruct Args {\n    #[arg(long, default_value = \"{key}\")]\n    {lower}: String,\n}\n"),
    ("rs", "fn main() {\n    if std::env::var(\"{name}\").unwrap() == \"{key}\" {}\n}\n"),
    ("rs", "fn main() {\n    assert_eq!({lower}, \"{key}\");\n}\n"),
    ("rs", "const {name}: &[u8] = b\"{key}\";\n"),
    ("rs", "static {name}: LazyLock<String> = LazyLock::new(|| \"{key}\".to_string());\n"),
    ("rs", "fn main() {\n    self.{lower} = \"{key}\".to_owned();\n}\n"),
    ("rs", "fn main() {\n    let client = builder().{lower}(\"{key}\").build();\n}\n"),
    ("rs", "fn main() {\n    let {lower} = option.unwrap_or(\"{key}\");\n}\n"),
    ("rs", "// {name}={key}\nfn main() {}\n"),
    ("rs", "/// export {name}={key}\nfn main() {}\n"),
    ("rs", "const ENV: &str = \"{name}={key}\\nOTHER=1\";\n"),
    (
        "rs",
        "impl Default for Config {\n    fn default() -> Self {\n        Self { {lower}: \"{key}\".to_owned() }\n    }\n}\n",
    ),
];

/// What is no key: its name, and its form (`h` hex, `a` letter or digit, `l` small letter, `d` digit; others as they are).
pub const NEGATIVES: &[(&str, &str)] = &[
    ("a commit", "<h40>"),
    ("an MD5 digest", "<h32>"),
    ("a SHA-256 digest", "<h64>"),
    ("a UUID", "<h8>-<h4>-<h4>-<h4>-<h12>"),
    ("an integrity hash", "sha512-<a86>=="),
    ("an image", "data:image/png;base64,<a200>"),
    ("a request id", "req_<a24>"),
    ("a task", "task-<h32>"),
    ("an office", "sk-officehours"),
    ("a class", "sk-fading-circle-<d2>"),
    ("a run", "run-<l8>-<d4>-<l6>"),
    ("a completion", "chatcmpl-<a29>"),
    ("a message", "msg_<a24>"),
    ("a placeholder", "sk-your-api-key-here-000000000000"),
    ("a placeholder of x", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    ("a reading", "${OPENAI_API_KEY}"),
    ("a reference", "ref+vault://secret/<l8>/<l6>#/<l7>"),
    ("a token that Vault does not give out", "hvs.your_actual_token_<d4>"),
    ("a project key", "phc_<a43>"),
    ("a version", "v<d2>.<d2>.<d2>-<l10>.<d4>"),
    ("a path", "/usr/lib/<l8>/<l10>/<a16>.so"),
    ("a digest of an image", "registry.example.com/app@sha256:<h64>"),
    ("an AWS resource", "arn:aws:iam::<d12>:role/<l12>"),
    ("a time", "2026-0<d1>-1<d1>T0<d1>:1<d1>:2<d1>.<d6>Z"),
];

/// Names of what is no key of a provider.
pub const NAMES: &[&str] = &[
    "digest",
    "request_id",
    "commit",
    "version",
    "value",
    "cache_key",
    "key_hash",
    "api_key_id",
    "token_count",
    "csrf_token",
    "public_key",
    "idempotency_key",
    "etag",
    "fingerprint",
    "checksum",
    "model_id",
    "assistant_id",
    "primary_key",
    "sort_key",
    "session_id",
    "trace_id",
    "page_token",
    "next_token",
    "file_id",
    "SHA256_KEY",
    "expected",
    "nonce",
    "build_id",
];

/// How keys are hidden: `{1}`, `{2}` and `{3}` are the pieces.
pub const ASSEMBLED: &[Place] = &[
    ("py", "key = \"{1}\" + \"{2}\" + \"{3}\"\n"),
    ("py", "key = '{1}' '{2}' '{3}'\n"),
    ("py", "key = (\n    \"{1}\"\n    \"{2}\"\n    \"{3}\"\n)\n"),
    ("py", "key = \"\".join([\"{1}\", \"{2}\", \"{3}\"])\n"),
    ("py", "key = ''.join(('{1}', '{2}', '{3}'))\n"),
    ("py", "key = \"{1}\" \\\n    \"{2}\" \\\n    \"{3}\"\n"),
    ("py", "key = base64.b64decode(\"{base64}\").decode()\n"),
    ("py", "key = base64.b64decode(b'{base64}')\n"),
    ("py", "key = bytes.fromhex(\"{hex}\").decode()\n"),
    ("py", "HEAD = \"{1}\"\nkey = HEAD + \"{2}\" + \"{3}\"\n"),
    ("py", "HEAD = \"{1}\"\nTAIL = \"{2}{3}\"\nkey = f\"{HEAD}{TAIL}\"\n"),
    ("py", "class Parts:\n    A = \"{1}\"\n    B = \"{2}{3}\"\n\n\nkey = Parts.A + Parts.B\n"),
    ("py", "parts = {\"a\": \"{1}\", \"b\": \"{2}{3}\"}\nkey = parts[\"a\"] + parts[\"b\"]\n"),
    ("py", "key = \"{1}\"\nkey += \"{2}{3}\"\n"),
    ("py", "key = \"{}{}\".format(\"{1}\", \"{2}{3}\")\n"),
    ("py", "key = \"%s%s\" % (\"{1}\", \"{2}{3}\")\n"),
    ("py", "key = (\n    \"{1}\"  # the first half\n    \"{2}{3}\"\n)\n"),
    ("rs", "const HEAD: &str = \"{1}\";\nfn key() -> String {\n    format!(\"{HEAD}{}\", \"{2}{3}\")\n}\n"),
    (
        "rs",
        "fn key() -> String {\n    let mut key = String::from(\"{1}\");\n    key.push_str(\"{2}{3}\");\n    key\n}\n",
    ),
    ("rs", "const KEY: &str = \"{1}\\\n    {2}{3}\";\n"),
    ("rs", "const KEY: &str = concat!(\"{1}\", \"{2}\", \"{3}\");\n"),
    ("rs", "fn main() {\n    let key = \"{1}\".to_string() + \"{2}\" + \"{3}\";\n}\n"),
    ("rs", "fn main() {\n    let key = [\"{1}\", \"{2}\", \"{3}\"].concat();\n}\n"),
    ("rs", "fn main() {\n    let key = [\"{1}\", \"{2}\", \"{3}\"].join(\"\");\n}\n"),
    ("rs", "fn main() {\n    let key = String::from(\"{1}\") + &String::from(\"{2}\") + \"{3}\";\n}\n"),
    ("rs", "fn main() {\n    let key = BASE64.decode(\"{base64}\").unwrap();\n}\n"),
    ("rs", "fn main() {\n    let key = hex::decode(\"{hex}\").unwrap();\n}\n"),
];

/// A file with a key in three pieces, the first of which ends at its prefix or in its middle, or encoded.
pub fn assembled(place: Place, key: &str, prefix: usize, random: &mut Random) -> Snippet {
    let path = if place.0 == "py" { "app.py" } else { "src/main.rs" };
    Snippet { path, place: place.1.trim_end().replace('\n', "⏎"), text: in_pieces(place.1, key, prefix, random) }
}

/// The text of such a place.
pub fn in_pieces(place: &str, key: &str, prefix: usize, random: &mut Random) -> String {
    let first = if random.next().is_multiple_of(2) { prefix } else { key.len() / 3 };
    // Two pieces, and an empty one, or three.
    let second = if random.next().is_multiple_of(2) { key.len() } else { (first + key.len()) / 2 };
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let text = place.replace("{1}", &key[..first]).replace("{2}", &key[first..second]).replace("{3}", &key[second..]);
    let text = text.replace(", \"\"", "").replace(" + \"\"", "").replace(", ''", "").replace(" ''\n", "\n");
    text.replace("{base64}", &BASE64_STANDARD.encode(key)).replace("{hex}", &hex)
}

/// What speaks of providers, and holds no key.
pub const SPEAKS_PYTHON: &str = "import os\nfrom mistralai import Mistral\nfrom openai import OpenAI\n\n\
    api_key = os.environ[\"OPENAI_API_KEY\"]\nclient = OpenAI(api_key=api_key)\nMISTRAL_API_KEY = os.environ[\"MISTRAL_API_KEY\"]\n\
    other = Mistral(api_key=MISTRAL_API_KEY)\nurl = \"https://api.mistral.ai/v1\"\n";
pub const SPEAKS_RUST: &str = "use async_openai::Client;\n\nfn key() -> String {\n    \
    let api_key = std::env::var(\"MISTRAL_API_KEY\").expect(\"MISTRAL_API_KEY\");\n    call(\"https://api.mistral.ai/v1\", &api_key);\n    \
    api_key\n}\n\n";

/// A place with its names and the key.
pub fn filled(place: &str, name: &str, key: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let mut camel = String::new();
    for (at, word) in lower.split('_').enumerate() {
        let (first, rest) = word.split_at(word.len().min(1));
        camel.push_str(&if at == 0 { first.to_owned() } else { first.to_ascii_uppercase() });
        camel.push_str(rest);
    }
    let text = place.replace("{name}", name).replace("{lower}", &lower).replace("{kebab}", &lower.replace('_', "-"));
    text.replace("{camel}", &camel).replace("{key}", key)
}

/// A file with the key in a place, with some code around it.
pub fn wrapped(place: Place, name: &str, key: &str, random: &mut Random) -> Snippet {
    let text = filled(place.1, name, key);
    let (path, around) = match place.0 {
        "py" => ("app.py", "def helper_{n}(count):\n    return count + {n}\n\n\n"),
        _ => ("src/main.rs", "fn helper_{n}(count: usize) -> usize {\n    count + {n}\n}\n\n"),
    };
    let before = around.replace("{n}", &(random.next() % 1000).to_string());
    // What is imported stands first.
    let (imports, rest): (Vec<&str>, Vec<&str>) = text.split_inclusive('\n').partition(|it| it.starts_with("import "));
    Snippet { path, place: place.1.trim_end().replace('\n', "⏎"), text: imports.concat() + &before + &rest.concat() }
}

/// A file that calls the client, with the key as an argument, or by one hop.
pub fn client(client: &Client, key: &str, random: &mut Random) -> Option<Snippet> {
    let argument =
        client.args.first().filter(|it| it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))?;
    let hop = random.next().is_multiple_of(2);
    let value = if hop { "value".to_owned() } else { format!("\"{key}\"") };
    // A place is a number.
    let argument = match argument.parse::<usize>() {
        Ok(before) => format!("{}{value}", "None, ".repeat(before)),
        Err(_) => format!("{argument}={value}"),
    };
    let (module, symbol) = (client.module(), &client.symbol);
    let call = symbol.trim_end_matches("()");
    let first = symbol.split(['.', ':', '(']).next().unwrap_or(symbol);
    let begin = if hop { format!("value = \"{key}\"\n") } else { String::new() };
    let text = match client.lang.as_str() {
        "python" if first.starts_with(|c: char| c.is_lowercase()) && !module.ends_with(first) => return None,
        "python" if module.ends_with(first) && symbol.contains('.') => match module.rsplit_once('.') {
            Some((package, name)) => format!("from {package} import {name}\n\n{begin}it = {call}({argument})\n"),
            None => format!("import {module}\n\n{begin}it = {call}({argument})\n"),
        },
        "python" => format!("from {module} import {first}\n\n{begin}it = {call}({argument})\n"),
        _ => return None,
    };
    Some(Snippet { path: "app.py", place: format!("{symbol}({argument})").replace(key, "…"), text })
}

/// A file that speaks to a company that the catalogue does not know.
pub fn unknown_client(company: &str, key: &str, random: &mut Random) -> Snippet {
    let title = format!("{}{}", company[..1].to_uppercase(), &company[1..]);
    let forms: &[Place] = &[
        ("py", "from {c} import {T}\n\nclient = {T}(api_key=\"{k}\")\n"),
        ("py", "import {c}\n\n{c}.api_key = \"{k}\"\n"),
        ("py", "from {c} import {T}\n\nvalue = \"{k}\"\nclient = {T}(api_key=value, timeout=10)\n"),
        ("py", "import requests\n\nrequests.get(\"https://api.{c}.dev/v1\", headers={\"x-api-key\": \"{k}\"})\n"),
        ("py", "from openai import OpenAI\n\nclient = OpenAI(api_key=\"{k}\", base_url=\"https://api.{c}.dev/v1\")\n"),
        ("rs", "fn main() {\n    let client = Client::new(Config { api_key: \"{k}\".into() });\n}\n"),
        ("rs", "fn main() {\n    let call = client.get(\"https://api.{c}.dev\").header(\"x-api-key\", \"{k}\");\n}\n"),
        ("rs", "fn main() {\n    let api_key = \"{k}\";\n    let client = {c}::Client::new(api_key);\n}\n"),
    ];
    let (language, form) = random.pick(forms);
    let text = form.replace("{c}", company).replace("{T}", &title).replace("{k}", key);
    let path = if language == "py" { "app.py" } else { "src/main.rs" };
    Snippet { path, place: form.trim_end().replace('\n', "⏎"), text }
}

/// Whose key a client takes: some take several.
pub fn providers_of<'c>(catalogue: &'c Catalogue, client: &Client) -> Vec<&'c str> {
    let takes = |it: &Client| it.symbol == client.symbol && it.package == client.package;
    catalogue.providers.iter().filter(|it| it.clients.iter().any(takes)).map(|it| it.id.as_str()).collect()
}

/// `splitmix64`.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.next() % from.len() as u64).unwrap_or(0)]
    }

    /// A text of a form of [`NEGATIVES`].
    pub fn fill(&mut self, form: &str) -> String {
        let mut out = String::new();
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('<') {
            let (part, behind) = after.split_once('>').expect("it is closed");
            let letters: &[u8] = match &part[..1] {
                "h" => b"0123456789abcdef",
                "l" => b"abcdefghijklmnopqrstuvwxyz",
                "d" => b"0123456789",
                _ => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            };
            out.push_str(before);
            let count: usize = part[1..].parse().expect("a number");
            out.extend((0..count).map(|_| char::from(self.pick(letters))));
            rest = behind;
        }
        out + rest
    }
}
