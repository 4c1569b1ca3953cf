//! Places for keys in Go, Java, C#, Ruby, PHP and Bash, as people write them.
//!
//! What stands before a line `---` is a part of the file (imports, fields, functions), the rest runs. `{name}` is a
//! variable of the provider, `{lower}`, `{kebab}`, `{camel}`, `{pascal}` and `{initial}` (`MistralAPIKey`) are other ways
//! to write it. `{header}` and `{value}` are what the provider asks for, `{scheme}` is what comes before the key there, and
//! `{host}` is where it listens.

use super::code::{Place, filled};

/// A language of programs.
pub struct Language {
    pub id: &'static str,
    pub path: &'static str,
    /// What a line of imports begins with.
    imports: &'static str,
    /// What stands before imports, around the parts of the file, and around what runs.
    frame: [&'static str; 5],
    /// What speaks of providers, and holds no key; it runs.
    speaks: &'static str,
}

pub const LANGUAGES: &[Language] = &[
    Language {
        id: "go",
        path: "main.go",
        imports: "import ",
        frame: ["package main\n\n", "\n", "\nfunc main() {\n", "", "\tlog.Println(\"done\")\n}\n"],
        speaks: "\tclient := openai.NewClient(os.Getenv(\"OPENAI_API_KEY\"))\n\turl := \"https://api.mistral.ai/v1\"\n",
    },
    Language {
        id: "java",
        path: "src/main/java/com/example/App.java",
        imports: "import ",
        frame: [
            "package com.example;\n\n",
            "\npublic class App {\n",
            "\n    public static void main(String[] args) throws Exception {\n",
            "",
            "        System.out.println(\"done\");\n    }\n}\n",
        ],
        speaks: "        var key = System.getenv(\"OPENAI_API_KEY\");\n        var url = \"https://api.mistral.ai/v1\";\n",
    },
    Language {
        id: "cs",
        path: "src/Program.cs",
        imports: "using ",
        frame: [
            "",
            "\nnamespace Example;\n\npublic class Program\n{\n",
            "\n    public static async Task Main(string[] args)\n    {\n",
            "",
            "        Console.WriteLine(\"done\");\n    }\n}\n",
        ],
        speaks: "        var key = Environment.GetEnvironmentVariable(\"OPENAI_API_KEY\");\n        var url = \"https://api.mistral.ai/v1\";\n",
    },
    Language {
        id: "ruby",
        path: "lib/app.rb",
        imports: "require ",
        frame: ["", "\n", "\n", "", "puts \"done\"\n"],
        speaks: "api_key = ENV.fetch(\"OPENAI_API_KEY\")\nurl = \"https://api.mistral.ai/v1\"\n",
    },
    Language {
        id: "php",
        path: "src/app.php",
        imports: "use ",
        frame: ["<?php\n\n", "\n", "\n", "", "echo 'done';\n"],
        speaks: "$apiKey = getenv('OPENAI_API_KEY');\n$url = 'https://api.mistral.ai/v1';\n",
    },
    Language {
        id: "bash",
        path: "scripts/run.sh",
        imports: "source ",
        frame: ["#!/usr/bin/env bash\nset -euo pipefail\n\n", "", "\n", "", "echo done\n"],
        speaks: "test -n \"$OPENAI_API_KEY\"\nurl=https://api.mistral.ai/v1\n",
    },
];

impl Language {
    /// A file of this language with the place in it.
    pub fn file(&self, place: &str, speaks: bool) -> String {
        let (parts, runs) = place.split_once("---\n").unwrap_or(("", place));
        let group = parts.find("import (").map_or(0, |_| parts.find(")\n").map_or(0, |at| at + 2));
        let (grouped, parts) = parts.split_at(group);
        let is_import = |line: &&str| line.starts_with(self.imports) && !line.contains("(");
        let (imports, parts): (Vec<&str>, Vec<&str>) = parts.split_inclusive('\n').partition(is_import);
        let [first, before, between, begin, end] = self.frame;
        let speaks = if speaks { self.speaks } else { "" };
        [first, grouped, &imports.concat(), before, &parts.concat(), between, begin, speaks, runs, end].concat()
    }
}

/// A place with all ways to write its name.
pub fn spelled(place: &str, name: &str, key: &str) -> String {
    let words: Vec<String> = name.split('_').map(str::to_ascii_lowercase).collect();
    let title = |word: &String| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    let initial = |word: &String| match word.as_str() {
        "openai" => "OpenAI".to_owned(),
        "api" | "id" | "url" | "ai" => word.to_ascii_uppercase(),
        _ => title(word),
    };
    let pascal: String = words.iter().map(title).collect();
    let initials: String = words.iter().map(initial).collect();
    filled(&place.replace("{pascal}", &pascal).replace("{initial}", &initials), name, key)
}

/// Where a name tells whose key it is.
pub const NAMED: &[Place] = &[
    ("go", "const {initial} = \"{key}\"\n---\n"),
    ("go", "const {camel} string = \"{key}\"\n---\n"),
    ("go", "var {name} = \"{key}\"\n---\n"),
    ("go", "var {camel} string = `{key}`\n---\n"),
    ("go", "const (\n\tmodel = \"gpt-4o\"\n\t{camel} = \"{key}\"\n\ttimeout = 30\n)\n---\n"),
    ("go", "var (\n\tmodel     = \"gpt-4o\"\n\t{initial} = \"{key}\"\n)\n---\n"),
    ("go", "\t{camel} := \"{key}\"\n"),
    ("go", "\tmodel, {camel} := \"gpt-4o\", \"{key}\"\n"),
    ("go", "\tcfg := Config{{initial}: \"{key}\", Timeout: 30}\n"),
    ("go", "\tcfg := &Config{\n\t\tModel:  \"gpt-4o\",\n\t\t{pascal}: \"{key}\",\n\t}\n"),
    ("go", "\tcfg.{initial} = \"{key}\"\n"),
    ("go", "\tos.Setenv(\"{name}\", \"{key}\")\n"),
    ("go", "\tif err := os.Setenv(\"{name}\", \"{key}\"); err != nil {\n\t\tlog.Fatal(err)\n\t}\n"),
    ("go", "\tenv := map[string]string{\"{name}\": \"{key}\", \"MODE\": \"dev\"}\n"),
    ("go", "\tsettings[\"{lower}\"] = \"{key}\"\n"),
    ("go", "\tcmd.Env = append(os.Environ(), \"{name}={key}\")\n"),
    ("go", "\tcmd := exec.Command(\"env\", \"{name}={key}\", \"./run\")\n"),
    ("go", "\tkey := flag.String(\"{kebab}\", \"{key}\", \"the key\")\n"),
    ("go", "\tflag.StringVar(&key, \"{kebab}\", \"{key}\", \"the key\")\n"),
    ("go", "\tviper.SetDefault(\"{lower}\", \"{key}\")\n"),
    ("go", "\tif {camel} == \"\" {\n\t\t{camel} = \"{key}\"\n\t}\n"),
    ("go", "func TestCall(t *testing.T) {\n\tt.Setenv(\"{name}\", \"{key}\")\n}\n---\n"),
    ("go", "\t// export {name}={key}\n"),
    ("go", "// {initial} = \"{key}\"\n---\n"),
    ("go", "\tbody := `{\"{name}\": \"{key}\"}`\n"),
    ("go", "\tservice := New(With{initial}(\"{key}\"), WithTimeout(30))\n"),
    ("go", "func {camel}() string {\n\treturn \"{key}\"\n}\n---\n"),
    ("go", "\tkeys := []byte(\"{key}\")\n\tos.Setenv(\"{name}\", string(keys))\n"),
    ("java", "    private static final String {name} = \"{key}\";\n---\n"),
    ("java", "    public static final String {name} =\n        \"{key}\";\n---\n"),
    ("java", "    private String {camel} = \"{key}\";\n---\n"),
    ("java", "        String {camel} = \"{key}\";\n"),
    ("java", "        var {camel} = \"{key}\";\n"),
    ("java", "        final String {camel} = \"{key}\".trim();\n"),
    ("java", "        this.{camel} = \"{key}\";\n"),
    ("java", "        config.set{pascal}(\"{key}\");\n"),
    ("java", "        var config = Config.builder().{camel}(\"{key}\").timeout(30).build();\n"),
    ("java", "        Map<String, String> env = Map.of(\"{name}\", \"{key}\");\n"),
    ("java", "        env.put(\"{name}\", \"{key}\");\n"),
    ("java", "        var env = Map.ofEntries(Map.entry(\"{name}\", \"{key}\"), Map.entry(\"MODE\", \"dev\"));\n"),
    ("java", "        System.setProperty(\"{name}\", \"{key}\");\n"),
    ("java", "        builder.environment().put(\"{name}\", \"{key}\");\n"),
    ("java", "        properties.setProperty(\"{lower}\", \"{key}\");\n"),
    ("java", "    @Value(\"${{name}:{key}}\")\n    private String key;\n---\n"),
    ("java", "    @Secret({camel} = \"{key}\")\n    void call() {}\n---\n"),
    ("java", "    enum Keys {\n        {name}(\"{key}\");\n        Keys(String key) {}\n    }\n---\n"),
    ("java", "    String {camel}() {\n        return \"{key}\";\n    }\n---\n"),
    ("java", "        // export {name}={key}\n"),
    ("java", "    /** Run with {@code {name}={key}}. */\n    void run() {}\n---\n"),
    ("java", "        String env = \"\"\"\n            {name}={key}\n            MODE=dev\n            \"\"\";\n"),
    ("java", "        var body = \"{\\\"{name}\\\": \\\"{key}\\\"}\";\n"),
    ("java", "        if ({camel} == null) {\n            {camel} = \"{key}\";\n        }\n"),
    ("java", "        var process = new ProcessBuilder(\"env\", \"{name}={key}\", \"run\");\n"),
    ("cs", "    private const string {pascal} = \"{key}\";\n---\n"),
    ("cs", "    private static readonly string _{camel} = \"{key}\";\n---\n"),
    ("cs", "    public string {pascal} { get; set; } = \"{key}\";\n---\n"),
    ("cs", "    public string {pascal} => \"{key}\";\n---\n"),
    ("cs", "    public record Options(string {pascal} = \"{key}\");\n---\n"),
    ("cs", "    static void Call(string {camel} = \"{key}\") {}\n---\n"),
    ("cs", "        string {camel} = \"{key}\";\n"),
    ("cs", "        var {camel} = \"{key}\";\n"),
    ("cs", "        var {camel} = @\"{key}\";\n"),
    ("cs", "        const string {camel} = \"{key}\";\n"),
    ("cs", "        this.{camel} = \"{key}\";\n"),
    ("cs", "        var options = new Options { {pascal} = \"{key}\", Timeout = 30 };\n"),
    ("cs", "        Call({camel}: \"{key}\", other: 1);\n"),
    ("cs", "        Environment.SetEnvironmentVariable(\"{name}\", \"{key}\");\n"),
    ("cs", "        var env = new Dictionary<string, string> { [\"{name}\"] = \"{key}\" };\n"),
    ("cs", "        var env = new Dictionary<string, string> { { \"{name}\", \"{key}\" } };\n"),
    ("cs", "        configuration[\"{name}\"] = \"{key}\";\n"),
    ("cs", "        info.EnvironmentVariables[\"{name}\"] = \"{key}\";\n"),
    ("cs", "        info.EnvironmentVariables.Add(\"{name}\", \"{key}\");\n"),
    ("cs", "        builder.With{pascal}(\"{key}\");\n"),
    ("cs", "        builder.WithEnvironment(\"{name}\", \"{key}\");\n"),
    ("cs", "        var text = \"\"\"\n            {name}={key}\n            \"\"\";\n"),
    ("cs", "        var body = $\"{{ \\\"{name}\\\": \\\"{key}\\\", \\\"n\\\": {count} }}\";\n"),
    ("cs", "        {camel} ??= \"{key}\";\n"),
    ("cs", "        // {name}={key}\n"),
    ("cs", "    /// <summary>Run with <c>{name}={key}</c>.</summary>\n    void Run() {}\n---\n"),
    ("cs", "    [Setting({pascal} = \"{key}\")]\n    void Run() {}\n---\n"),
    ("ruby", "{name} = \"{key}\"\n"),
    ("ruby", "{name} = '{key}'.freeze\n"),
    ("ruby", "{lower} = \"{key}\"\n"),
    ("ruby", "@{lower} = \"{key}\"\n"),
    ("ruby", "@{lower} ||= '{key}'\n"),
    ("ruby", "${lower} = '{key}'\n"),
    ("ruby", "ENV[\"{name}\"] = \"{key}\"\n"),
    ("ruby", "ENV['{name}'] ||= '{key}'\n"),
    ("ruby", "ENV.store(\"{name}\", \"{key}\")\n"),
    ("ruby", "ENV.update(\"{name}\" => \"{key}\")\n"),
    ("ruby", "settings = { {lower}: \"{key}\", mode: \"dev\" }\n"),
    ("ruby", "settings = { :{lower} => '{key}' }\n"),
    ("ruby", "env = { \"{name}\" => \"{key}\" }\n"),
    ("ruby", "system({ \"{name}\" => \"{key}\" }, \"run\")\n"),
    ("ruby", "config.{lower} = \"{key}\"\n"),
    ("ruby", "Client.new({lower}: \"{key}\", timeout: 30)\n"),
    ("ruby", "def call({lower}: \"{key}\")\n  {lower}\nend\n"),
    ("ruby", "def call({lower} = \"{key}\")\n  {lower}\nend\n"),
    ("ruby", "def {lower}\n  \"{key}\"\nend\n"),
    ("ruby", "set :{lower}, \"{key}\"\n"),
    ("ruby", "settings[:{lower}] = \"{key}\"\n"),
    ("ruby", "# export {name}={key}\n"),
    ("ruby", "`{name}={key} ruby run.rb`\n"),
    ("ruby", "env = <<~ENV\n  {name}={key}\n  MODE=dev\nENV\n"),
    ("ruby", "option :{lower}, default: \"{key}\"\n"),
    ("ruby", "body = '{\"{name}\": \"{key}\"}'\n"),
    ("ruby", "attribute :{lower}, :string, default: -> { \"{key}\" }\n"),
    ("ruby", "stub_const(\"{name}\", \"{key}\")\n"),
    ("ruby", "{lower} = %q({key})\n"),
    ("php", "${camel} = '{key}';\n"),
    ("php", "${lower} = \"{key}\";\n"),
    ("php", "const {name} = '{key}';\n---\n"),
    ("php", "define('{name}', '{key}');\n"),
    ("php", "class Service\n{\n    private const {name} = '{key}';\n}\n---\n"),
    ("php", "class Service\n{\n    private string ${camel} = '{key}';\n}\n---\n"),
    ("php", "class Service\n{\n    public function __construct(private string ${camel} = '{key}') {}\n}\n---\n"),
    ("php", "function call(string ${camel} = '{key}') {\n    return ${camel};\n}\n---\n"),
    ("php", "$this->{camel} = '{key}';\n"),
    ("php", "$config['{lower}'] = '{key}';\n"),
    ("php", "$config = ['{lower}' => '{key}', 'mode' => 'dev'];\n"),
    ("php", "$env = array('{name}' => \"{key}\");\n"),
    ("php", "return [\n    'services' => ['{lower}' => '{key}'],\n];\n"),
    ("php", "putenv('{name}={key}');\n"),
    ("php", "putenv(\"{name}={key}\");\n"),
    ("php", "$_ENV['{name}'] = '{key}';\n"),
    ("php", "$_SERVER['{name}'] = '{key}';\n"),
    ("php", "call({camel}: '{key}', timeout: 30);\n"),
    ("php", "$builder->with{pascal}('{key}');\n"),
    ("php", "$client->set{pascal}('{key}')->send();\n"),
    ("php", "$key = new {pascal}('{key}');\n"),
    ("php", "// {name}={key}\n"),
    ("php", "/**\n * export {name}={key}\n */\n"),
    ("php", "$env = <<<ENV\n{name}={key}\nMODE=dev\nENV;\n"),
    ("php", "exec('{name}={key} php run.php');\n"),
    ("php", "config(['{lower}' => '{key}']);\n"),
    ("php", "$body = '{\"{name}\": \"{key}\"}';\n"),
    ("bash", "{name}=\"{key}\"\n"),
    ("bash", "{name}='{key}'\n"),
    ("bash", "{name}={key}\n"),
    ("bash", "export {name}=\"{key}\"\n"),
    ("bash", "export {name}={key}\n"),
    ("bash", "export {name}='{key}' MODE=dev\n"),
    ("bash", "readonly {name}=\"{key}\"\n"),
    ("bash", "declare -x {name}=\"{key}\"\n"),
    ("bash", "declare -r {name}={key}\n"),
    ("bash", "main() {\n  local {lower}=\"{key}\"\n  run \"${lower}\"\n}\n"),
    ("bash", "{name}={key} python run.py\n"),
    ("bash", "{name}=\"{key}\" MODE=dev ./run.sh --fast\n"),
    ("bash", "env {name}={key} ./run.sh\n"),
    ("bash", "env -S \"{name}={key} ./run.sh\"\n"),
    ("bash", "docker run -e {name}={key} -p 80:80 app\n"),
    ("bash", "docker run --env \"{name}={key}\" app\n"),
    ("bash", "docker build --build-arg {name}={key} .\n"),
    ("bash", "heroku config:set {name}={key}\n"),
    ("bash", "fly secrets set {name}=\"{key}\"\n"),
    ("bash", "kubectl create secret generic app --from-literal={name}={key}\n"),
    ("bash", "gh secret set {name} --body \"{key}\"\n"),
    ("bash", "echo \"{name}={key}\" >> .env\n"),
    ("bash", "echo 'export {name}={key}' >> ~/.profile\n"),
    ("bash", "cat > .env <<EOF\n{name}={key}\nMODE=dev\nEOF\n"),
    ("bash", "cat > .env <<'EOF'\n{name}={key}\nEOF\n"),
    ("bash", "cat > config.json <<EOF\n{\"{lower}\": \"{key}\"}\nEOF\n"),
    ("bash", "printf '{name}=%s\\n' \"{key}\" > .env\n"),
    ("bash", "./run --{kebab} {key}\n"),
    ("bash", "./run --{kebab}={key} --fast\n"),
    ("bash", "./run --{kebab} \"{key}\"\n"),
    ("bash", "helm upgrade app ./chart --set env.{name}={key}\n"),
    ("bash", "declare -A keys=([{name}]=\"{key}\" [other]=1)\n"),
    ("bash", "keys[{name}]=\"{key}\"\n"),
    ("bash", "case \"$1\" in\n  dev) {name}=\"{key}\" ;;\n  *) exit 1 ;;\nesac\n"),
    ("bash", "if [ -z \"$MODE\" ]; then\n  export {name}={key}\nfi\n"),
    ("bash", "# export {name}={key}\n"),
    ("bash", "read -r {name} <<< \"{key}\"\n"),
    ("bash", "ssh host \"{name}={key} ./run.sh\"\n"),
];

/// Fallbacks of a variable that is read.
pub const DEFAULTS: &[Place] = &[
    ("go", "\tkey := getEnv(\"{name}\", \"{key}\")\n"),
    ("go", "\tkey := env.GetString(\"{name}\", \"{key}\")\n"),
    ("go", "\tkey := os.Getenv(\"{name}\")\n\tif key == \"\" {\n\t\tkey = \"{key}\"\n\t}\n"),
    ("go", "\tkey, ok := os.LookupEnv(\"{name}\")\n\tif !ok {\n\t\tkey = \"{key}\"\n\t}\n"),
    ("go", "\tkey := cmp.Or(os.Getenv(\"{name}\"), \"{key}\")\n"),
    (
        "go",
        "func key() string {\n\tif v := os.Getenv(\"{name}\"); v != \"\" {\n\t\treturn v\n\t}\n\treturn \"{key}\"\n}\n---\n",
    ),
    ("go", "type Config struct {\n\tKey string `env:\"{name}\" envDefault:\"{key}\"`\n}\n---\n"),
    ("go", "\tf := &cli.StringFlag{Name: \"key\", EnvVars: []string{\"{name}\"}, Value: \"{key}\"}\n"),
    ("java", "        var key = System.getenv().getOrDefault(\"{name}\", \"{key}\");\n"),
    ("java", "        var key = Optional.ofNullable(System.getenv(\"{name}\")).orElse(\"{key}\");\n"),
    ("java", "        var key = Objects.requireNonNullElse(System.getenv(\"{name}\"), \"{key}\");\n"),
    ("java", "        var key = System.getenv(\"{name}\") != null ? System.getenv(\"{name}\") : \"{key}\";\n"),
    (
        "java",
        "        String key = System.getenv(\"{name}\");\n        if (key == null || key.isBlank()) {\n            key = \"{key}\";\n        }\n",
    ),
    ("java", "        var key = System.getProperty(\"{lower}\", \"{key}\");\n"),
    ("java", "        var key = dotenv.get(\"{name}\", \"{key}\");\n"),
    ("java", "    @Value(\"${{name}:{key}}\")\n    private String key;\n---\n"),
    ("java", "    @ConfigProperty(name = \"{name}\", defaultValue = \"{key}\")\n    String key;\n---\n"),
    ("cs", "        var key = Environment.GetEnvironmentVariable(\"{name}\") ?? \"{key}\";\n"),
    ("cs", "        var key = Environment.GetEnvironmentVariable(\"{name}\")\n            ?? \"{key}\";\n"),
    ("cs", "        var key = configuration[\"{name}\"] ?? \"{key}\";\n"),
    ("cs", "        var key = configuration.GetValue<string>(\"{name}\", \"{key}\");\n"),
    (
        "cs",
        "        var key = Environment.GetEnvironmentVariable(\"{name}\");\n        if (string.IsNullOrEmpty(key))\n        {\n            key = \"{key}\";\n        }\n",
    ),
    (
        "cs",
        "        var found = Environment.GetEnvironmentVariable(\"{name}\");\n        var key = string.IsNullOrEmpty(found) ? \"{key}\" : found;\n",
    ),
    ("cs", "        var key = Env.GetString(\"{name}\", \"{key}\");\n"),
    ("ruby", "key = ENV.fetch(\"{name}\", \"{key}\")\n"),
    ("ruby", "key = ENV.fetch('{name}') { '{key}' }\n"),
    ("ruby", "key = ENV[\"{name}\"] || \"{key}\"\n"),
    ("ruby", "key = ENV['{name}'].presence || '{key}'\n"),
    ("ruby", "key = ENV.key?(\"{name}\") ? ENV[\"{name}\"] : \"{key}\"\n"),
    ("ruby", "key = ENV[\"{name}\"]\nkey = \"{key}\" if key.nil? || key.empty?\n"),
    ("ruby", "key = ENV[\"{name}\"]\nkey ||= \"{key}\"\n"),
    ("php", "$key = getenv('{name}') ?: '{key}';\n"),
    ("php", "$key = $_ENV['{name}'] ?? '{key}';\n"),
    ("php", "$key = $_SERVER[\"{name}\"] ?? \"{key}\";\n"),
    ("php", "$key = env('{name}', '{key}');\n"),
    ("php", "return ['key' => env('{name}', '{key}'), 'timeout' => 30];\n"),
    ("php", "$key = isset($_ENV['{name}']) ? $_ENV['{name}'] : '{key}';\n"),
    ("php", "$key = getenv('{name}');\nif (!$key) {\n    $key = '{key}';\n}\n"),
    ("php", "$key = getenv('{name}') !== false ? getenv('{name}') : '{key}';\n"),
    ("bash", "key=\"${{name}:-{key}}\"\n"),
    ("bash", "key=${{name}:-{key}}\n"),
    ("bash", "{name}=${{name}:-{key}}\n"),
    ("bash", "export {name}=\"${{name}:-{key}}\"\n"),
    ("bash", ": \"${{name}:={key}}\"\n"),
    ("bash", ": ${{name}:={key}}\n"),
    ("bash", "key=\"${{name}-\"{key}\"}\"\n"),
    ("bash", "run --key ${{name}:-{key}} --fast\n"),
    ("bash", "if [ -z \"${{name}:-}\" ]; then\n  {name}=\"{key}\"\nfi\n"),
    ("bash", "[[ -n ${{name}:-} ]] || {name}={key}\n"),
];

/// Headers of requests to the provider.
pub const HEADERS: &[Place] = &[
    (
        "go",
        "\treq, _ := http.NewRequest(\"POST\", \"https://{host}/v1/items\", body)\n\treq.Header.Set(\"{header}\", \"{value}\")\n",
    ),
    (
        "go",
        "\treq, _ := http.NewRequest(\"GET\", \"https://{host}/v1/items\", nil)\n\treq.Header.Add(\"{header}\", \"{value}\")\n",
    ),
    (
        "go",
        "\treq, _ := http.NewRequest(\"GET\", \"https://{host}/v1/items\", nil)\n\treq.Header = http.Header{\"{header}\": {\"{value}\"}, \"Accept\": {\"text/plain\"}}\n",
    ),
    ("go", "\turl := \"https://{host}/v1/items\"\n\theaders := map[string]string{\"{header}\": \"{value}\"}\n"),
    ("go", "\tresp, err := resty.New().R().SetHeader(\"{header}\", \"{value}\").Get(\"https://{host}/v1/items\")\n"),
    (
        "go",
        "\ttoken := \"{key}\"\n\treq, _ := http.NewRequest(\"GET\", \"https://{host}/v1/items\", nil)\n\treq.Header.Set(\"{header}\", \"{scheme}\"+token)\n",
    ),
    (
        "go",
        "\ttoken := \"{key}\"\n\treq, _ := http.NewRequest(\"GET\", \"https://{host}/v1/items\", nil)\n\treq.Header.Set(\"{header}\", fmt.Sprintf(\"{scheme}%s\", token))\n",
    ),
    (
        "go",
        "\treq, _ := http.NewRequest(\"GET\", \"https://{host}/v1/items\", nil)\n\treq.Header[\"{header}\"] = []string{\"{value}\"}\n",
    ),
    (
        "java",
        "        var request = HttpRequest.newBuilder(URI.create(\"https://{host}/v1/items\"))\n            .header(\"{header}\", \"{value}\")\n            .GET().build();\n",
    ),
    (
        "java",
        "        var request = HttpRequest.newBuilder(URI.create(\"https://{host}/v1/items\"))\n            .headers(\"Accept\", \"text/plain\", \"{header}\", \"{value}\").build();\n",
    ),
    (
        "java",
        "        var request = new Request.Builder().url(\"https://{host}/v1/items\").addHeader(\"{header}\", \"{value}\").build();\n",
    ),
    (
        "java",
        "        connection = (HttpURLConnection) new URL(\"https://{host}/v1/items\").openConnection();\n        connection.setRequestProperty(\"{header}\", \"{value}\");\n",
    ),
    (
        "java",
        "        var url = \"https://{host}/v1/items\";\n        HttpHeaders headers = new HttpHeaders();\n        headers.set(\"{header}\", \"{value}\");\n",
    ),
    (
        "java",
        "        var client = WebClient.builder().baseUrl(\"https://{host}\").defaultHeader(\"{header}\", \"{value}\").build();\n",
    ),
    (
        "java",
        "        String token = \"{key}\";\n        var request = HttpRequest.newBuilder(URI.create(\"https://{host}/v1\")).header(\"{header}\", \"{scheme}\" + token).build();\n",
    ),
    (
        "java",
        "    @Headers({\"{header}: {value}\", \"Accept: text/plain\"})\n    @GET(\"https://{host}/v1/items\")\n    Call<String> items();\n---\n",
    ),
    (
        "java",
        "        var headers = Map.of(\"{header}\", \"{value}\");\n        post(\"https://{host}/v1/items\", headers);\n",
    ),
    (
        "cs",
        "        client.BaseAddress = new Uri(\"https://{host}/\");\n        client.DefaultRequestHeaders.Add(\"{header}\", \"{value}\");\n",
    ),
    (
        "cs",
        "        var request = new HttpRequestMessage(HttpMethod.Post, \"https://{host}/v1/items\");\n        request.Headers.Add(\"{header}\", \"{value}\");\n",
    ),
    (
        "cs",
        "        var request = new HttpRequestMessage(HttpMethod.Post, \"https://{host}/v1/items\");\n        request.Headers.TryAddWithoutValidation(\"{header}\", \"{value}\");\n",
    ),
    (
        "cs",
        "        var request = new HttpRequestMessage { RequestUri = new Uri(\"https://{host}/v1\"), Headers = { { \"{header}\", \"{value}\" } } };\n",
    ),
    (
        "cs",
        "        var url = \"https://{host}/v1/items\";\n        var headers = new Dictionary<string, string> { [\"{header}\"] = \"{value}\" };\n",
    ),
    (
        "cs",
        "        var token = \"{key}\";\n        client.BaseAddress = new Uri(\"https://{host}/\");\n        client.DefaultRequestHeaders.Add(\"{header}\", $\"{scheme}{token}\");\n",
    ),
    (
        "cs",
        "        var request = new RestRequest(\"https://{host}/v1/items\").AddHeader(\"{header}\", \"{value}\");\n",
    ),
    (
        "ruby",
        "uri = URI(\"https://{host}/v1/items\")\nrequest = Net::HTTP::Get.new(uri)\nrequest[\"{header}\"] = \"{value}\"\n",
    ),
    ("ruby", "HTTParty.get(\"https://{host}/v1/items\", headers: { \"{header}\" => \"{value}\" })\n"),
    ("ruby", "conn = Faraday.new(url: \"https://{host}\", headers: { '{header}' => '{value}' })\n"),
    ("ruby", "conn = Faraday.new(url: \"https://{host}\") do |f|\n  f.headers[\"{header}\"] = \"{value}\"\nend\n"),
    (
        "ruby",
        "uri = URI(\"https://{host}/v1/items\")\nrequest = Net::HTTP::Post.new(uri, { \"{header}\" => \"{value}\" })\n",
    ),
    (
        "ruby",
        "token = \"{key}\"\nHTTP.headers(\"{header}\" => \"{scheme}#{token}\").get(\"https://{host}/v1/items\")\n",
    ),
    (
        "ruby",
        "token = \"{key}\"\nHTTP.headers(\"{header}\" => \"{scheme}\" + token).get(\"https://{host}/v1/items\")\n",
    ),
    ("ruby", "request = Typhoeus::Request.new(\"https://{host}/v1\", headers: { \"{header}\": \"{value}\" })\n"),
    (
        "php",
        "$ch = curl_init('https://{host}/v1/items');\ncurl_setopt($ch, CURLOPT_HTTPHEADER, ['{header}: {value}', 'Accept: text/plain']);\n",
    ),
    (
        "php",
        "$ch = curl_init(\"https://{host}/v1/items\");\ncurl_setopt_array($ch, [CURLOPT_HTTPHEADER => array(\"{header}: {value}\")]);\n",
    ),
    ("php", "$client->request('POST', 'https://{host}/v1/items', ['headers' => ['{header}' => '{value}']]);\n"),
    ("php", "$client = new Client(['base_uri' => 'https://{host}', 'headers' => [\"{header}\" => \"{value}\"]]);\n"),
    ("php", "$response = Http::withHeaders(['{header}' => '{value}'])->get('https://{host}/v1/items');\n"),
    ("php", "$request = (new Request('GET', 'https://{host}/v1'))->withHeader('{header}', '{value}');\n"),
    (
        "php",
        "$token = '{key}';\n$ch = curl_init('https://{host}/v1/items');\ncurl_setopt($ch, CURLOPT_HTTPHEADER, ['{header}: {scheme}' . $token]);\n",
    ),
    (
        "php",
        "$token = '{key}';\n$ch = curl_init('https://{host}/v1/items');\ncurl_setopt($ch, CURLOPT_HTTPHEADER, [\"{header}: {scheme}$token\"]);\n",
    ),
    (
        "php",
        "$context = stream_context_create(['http' => ['header' => \"{header}: {value}\\r\\n\"]]);\nfile_get_contents('https://{host}/v1', false, $context);\n",
    ),
    ("bash", "curl https://{host}/v1/items -H \"{header}: {value}\"\n"),
    (
        "bash",
        "curl -s https://{host}/v1/items \\\n  -H '{header}: {value}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"a\": 1}'\n",
    ),
    ("bash", "curl --request POST --url https://{host}/v1 --header \"{header}: {value}\"\n"),
    ("bash", "curl --header '{header}: {value}' \"https://{host}/v1/items\"\n"),
    ("bash", "curl -H\"{header}: {value}\" \"https://{host}/v1/items\"\n"),
    ("bash", "wget --header=\"{header}: {value}\" https://{host}/v1/items\n"),
    ("bash", "http POST https://{host}/v1/items \"{header}:{value}\"\n"),
    ("bash", "token=\"{key}\"\ncurl https://{host}/v1/items -H \"{header}: {scheme}$token\"\n"),
    ("bash", "token='{key}'\ncurl -H \"{header}: {scheme}${token}\" https://{host}/v1/items\n"),
    ("bash", "args=(-H \"{header}: {value}\" -s)\ncurl \"${args[@]}\" https://{host}/v1/items\n"),
    ("bash", "curl -K - <<EOF\nurl = \"https://{host}/v1\"\nheader = \"{header}: {value}\"\nEOF\n"),
    ("bash", "url=https://{host}/v1\nreply=$(curl -s -H \"{header}: {value}\" \"$url\")\n"),
];
