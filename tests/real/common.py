"""What the tests of this folder share: where the real programs lie, keys, a workspace, small checks."""

import os
import pathlib
import secrets
import string
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "aikeys-lsp-tests"


def tool(relative, part):
    """The path of an installed program, or the end of the test with what to do."""
    path = CACHE / relative
    if not path.exists():
        sys.exit(f"{path} is missing: run tests/real/install.sh {part}")
    return path


def absent(name):
    """Why this program cannot be had on this machine, as install.sh found. A test that skips for it says so."""
    reason = CACHE / "absent" / name
    return reason.read_text().strip() if reason.exists() else None


def server():
    """The server under test, from AIKEYS_LSP_BIN."""
    named = os.environ.get("AIKEYS_LSP_BIN")
    if not named:
        sys.exit("set AIKEYS_LSP_BIN to the aikeys-lsp program that is to be tested")
    path = pathlib.Path(named).resolve()
    if not os.access(path, os.X_OK):
        sys.exit(f"AIKEYS_LSP_BIN names no executable: {path}")
    return path


ALPHABET = string.ascii_letters + string.digits + "_-"


def random_text(count):
    # The last character is a letter, so that no reader of a file takes it for punctuation.
    text = "".join(secrets.choice(ALPHABET) for _ in range(count - 1))
    return text + secrets.choice(string.ascii_letters)


# Keys in the shapes of two providers. Put together here: none stands in a file.


def openai_key():
    return "-".join(["sk", "proj", random_text(74)]) + "T3B" + "lbkFJ" + random_text(74)


def anthropic_key():
    return "-".join(["sk", "ant", "api03", random_text(93)]) + "AA"


def pieces(key):
    """Every run of ten characters of the key's random parts: to show one of them is a leak."""
    body = key[len("-".join(["sk", "ant", "api03", ""])) :]
    return {body[i : i + 10] for i in range(len(body) - 9)}


def leaks(text, key):
    return any(piece in text for piece in pieces(key))


class Workspace:
    """A small git repository in a temporary folder, with one key in Python and one in Rust."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.python_key = openai_key()
        self.rust_key = anthropic_key()
        subprocess.run(["git", "init", "-q", str(self.folder)], check=True)
        self.write("README.md", "# a test\n")
        # Prints the key's hash, so that a test can tell whether the program still gets its key.
        self.write(
            "app.py",
            "import hashlib\n"
            "import os\n"
            "\n"
            f'api_key = "{self.python_key}"\n'
            "print(hashlib.sha256(api_key.encode()).hexdigest())\n",
        )
        self.write("Cargo.toml", '[package]\nname = "app"\nversion = "0.0.0"\nedition = "2021"\n')
        self.write(
            "src/main.rs",
            "fn main() {\n"
            f'    let api_key = "{self.rust_key}";\n'
            '    println!("{}", api_key.len());\n'
            "}\n",
        )

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def read(self, name):
        return (self.folder / name).read_text()

    def uri(self, name):
        return (self.folder / name).as_uri()

    def environment(self, name=".env"):
        """The variables of `.env`, as far as plain NAME=value lines go (keys need no quotes)."""
        lines = [line.removeprefix("export ") for line in self.read(name).splitlines()]
        pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
        return {key: value.strip("'\"") for key, value in pairs}

    def ignored(self, name):
        """Does git ignore this file?"""
        command = ["git", "-C", str(self.folder), "check-ignore", "-q", name]
        return subprocess.run(command).returncode == 0

    def run_app(self):
        """What app.py prints, run with the variables of `.env` and no others named like a key."""
        environment = {k: v for k, v in os.environ.items() if "KEY" not in k} | self.environment()
        command = [sys.executable, "app.py"]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"app.py fails after the move: {done.stderr}"
        return done.stdout.strip()
