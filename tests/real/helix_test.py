#!/usr/bin/env python3
"""Drives a real Helix in a terminal (tmux), with the settings that editors/helix/README.md shows.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp python3 tests/real/helix_test.py [SCENARIO...]

What is on the screen is read as a user would; what lies on the disk is checked.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

from common import REPOSITORY, Workspace, absent, leaks, server, tool

LIMIT = 20


class Helix:
    """One Helix in a terminal of its own, with a home of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.workspace = Workspace(self.folder / "workspace")
        self.socket = self.folder / "tmux"
        page = (REPOSITORY / "editors" / "helix" / "README.md").read_text()
        settings = re.search(r"```toml\n(.*?)```", page, re.DOTALL).group(1)
        (self.folder / "helix").mkdir()
        (self.folder / "helix" / "languages.toml").write_text(settings)
        # The program under test stands where a user would have it.
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "aikeys-lsp").symlink_to(server())

    def tmux(self, *arguments):
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout

    def start(self, name):
        home = {f"XDG_{it}_HOME": str(self.folder) for it in ("CONFIG", "CACHE", "STATE", "DATA")}
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        variables = home | {"HOME": str(self.folder), "PATH": path, "TERM": "tmux-256color"}
        pairs = [f"{key}={value}" for key, value in variables.items()]
        program = tool("helix/bin/hx", "helix")
        self.tmux(
            "new-session", "-d", "-s", "helix", "-x", "160", "-y", "45", "-c", str(self.workspace.folder),
            "env", *pairs, str(program), name,
        )  # fmt: skip

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "helix")

    def wait(self, what, condition):
        """Waits until the condition holds of the screen, and returns the screen."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            screen = self.screen()
            if condition(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}, the screen shows:\n{self.screen()}")

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "helix", *keys)

    def type(self, text):
        """Types as people do: of keys at once, Helix 25.01 tells the server in another order, and then takes no edit."""
        self.keys("o")
        for end, key in enumerate(text, 1):
            self.keys(key)
            self.wait(f"{text[:end]} on the screen", lambda screen, end=end: text[:end] in screen)
            time.sleep(0.02)
        self.keys("Escape")
        self.wait("the typed line", lambda screen: text in screen and "[+]" in screen and "NOR" in screen)

    def command(self, text):
        self.keys(f":{text}", "Enter")

    def open(self, name):
        self.command(f"open {name}")
        self.wait(f"{name} in the status line", lambda screen: re.search(rf"(NOR|INS) +{re.escape(name)} ", screen))

    def marked(self):
        """Waits for the mark of a finding beside the text."""
        return self.wait("a finding", lambda screen: "●" in screen.split("NOR")[0])

    def move(self, title="Move to .env"):
        self.marked()
        self.keys("]", "d")
        shown = self.wait("the message of the finding", lambda screen: "stands in the text" in screen)
        self.keys("Space", "a")
        menu = self.wait("the actions", lambda screen: "Ignore with a reason" in screen)
        lines = [line for line in menu.splitlines() if "Move to" in line or "Ignore with" in line]
        assert title in lines[0], f"the first action is another one: {lines}"
        self.keys("Enter")
        self.wait("the key to leave the buffer", lambda screen: "●" not in screen.split("NOR")[0] and "[+]" in screen)
        return shown, lines

    def choose(self):
        """Chooses the first action on the finding."""
        self.marked()
        self.keys("]", "d")
        self.wait("the message of the finding", lambda screen: "stands in the text" in screen)
        self.keys("Space", "a")
        self.wait("the actions", lambda screen: "Ignore with a reason" in screen)
        self.keys("Enter")

    def write_all(self):
        self.command("write-all")
        self.wait("the files to be written", lambda screen: "NOR" in screen and "[+]" not in screen)

    def end(self):
        self.command("quit-all!")
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            if subprocess.run(["tmux", "-S", str(self.socket), "has-session"], capture_output=True).returncode:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("Helix did not end")
        log = (self.folder / "helix" / "helix.log").read_text()
        assert "panicked" not in log, log
        for key in (self.workspace.python_key, self.workspace.rust_key):
            assert not leaks(log, key), "Helix' log holds the key"

    def kill(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.tmux("kill-server")


def move(helix):
    """Marked, moved, written; `u` brings the literal back, the server's undo as well."""
    workspace = helix.workspace
    before = workspace.read("app.py")
    helix.start("app.py")
    shown, lines = helix.move()
    message = " ".join(line[90:] for line in shown.splitlines() if "stands in the text" in line)
    assert not leaks(message + "".join(lines), workspace.python_key), "a message shows the key"
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key, ".env does not hold the key"
    assert workspace.read("app.py") == before, "the file was written without being asked to"
    helix.write_all()
    assert workspace.python_key not in workspace.read("app.py"), "the key is still in app.py"
    workspace.run_app()
    assert workspace.ignored(".env")

    helix.keys("u")
    helix.marked()
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key, "undo took the key out of .env"
    helix.keys("U")
    helix.wait("the move again", lambda screen: "os.environ" in screen)
    helix.write_all()
    helix.command("lsp-workspace-command aikeys.undo")
    helix.wait("the undo", lambda screen: "put back the move of OPENAI_API_KEY" in screen)
    helix.write_all()
    assert workspace.read("app.py") == before, "the server's undo is not the text as it was"
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key


def env_unsaved(helix):
    """`.env` is open and has unsaved changes: neither they nor the key are lost."""
    workspace = helix.workspace
    workspace.write(".env", "OTHER=1\n")
    workspace.write(".gitignore", ".env\n")
    # While the server starts, Helix 25.01 mixes up what it tells of a file that changes.
    helix.start("app.py")
    helix.marked()
    helix.open(".env")
    helix.type("TYPED=2")
    helix.open("app.py")
    helix.move()
    assert "TYPED" not in workspace.read(".env"), ".env was written without being asked to"
    helix.write_all()
    assert workspace.python_key not in workspace.read("app.py")
    expected = {"OTHER": "1", "TYPED": "2", "OPENAI_API_KEY": workspace.python_key}
    assert workspace.environment() == expected, f".env has other lines: {sorted(workspace.environment())}"


def env_open(helix):
    """`.env` is open without changes: Helix does not write an old text over the key."""
    workspace = helix.workspace
    workspace.write(".env", "OTHER=1\n")
    workspace.write(".gitignore", ".env\n")
    helix.start(".env")
    helix.wait("the file", lambda screen: "OTHER=1" in screen)
    helix.open("app.py")
    helix.move()
    helix.open(".env")
    helix.type("TYPED=2")
    helix.command("write")
    helix.wait("a refusal", lambda screen: "modified by an external process" in screen)
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key
    helix.command("reload")
    helix.wait("the file as it is", lambda screen: "[+]" not in screen and "TYPED" not in screen)


def crlf(helix):
    """Windows' line ends and emoji in the same line: the edit hits the literal, and nothing else changes."""
    workspace = helix.workspace
    before = f'import os\r\nnote = "🔑 ключ"; api_key = "{workspace.python_key}"\r\nprint("é")\r\n'
    (workspace.folder / "app.py").write_bytes(before.encode())
    helix.start("app.py")
    helix.move()
    helix.write_all()
    after = (workspace.folder / "app.py").read_bytes().decode()
    expected = before.replace(f'"{workspace.python_key}"', 'os.environ["OPENAI_API_KEY"]')
    assert after == expected, f"app.py is otherwise than expected: {after.replace(workspace.python_key, 'KEY')!r}"


def refused(helix):
    """A move that cannot be done changes nothing, and Helix shows why."""
    workspace = helix.workspace
    workspace.write(".env", "OTHER=1\nthis is no line of an env file\n")
    before = workspace.read("app.py")
    helix.start("app.py")
    helix.choose()
    helix.wait("the reason", lambda screen: "cannot read this line" in screen)
    assert "[+]" not in helix.screen() and workspace.read("app.py") == before
    assert workspace.read(".env") == "OTHER=1\nthis is no line of an env file\n"


def read_only(helix):
    """A file that may not be written: the key is in both places."""
    workspace = helix.workspace
    (workspace.folder / "app.py").chmod(0o400)
    helix.start("app.py")
    helix.move()
    assert workspace.python_key in workspace.read("app.py")
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key


def names(helix):
    """Definition and rename of a variable, over code and `.env`."""
    workspace = helix.workspace
    text = f'import os\nkey = os.environ["FIRST_KEY"]\nother = "{workspace.rust_key}"\n'
    workspace.write("read.py", text)
    workspace.write(".env", f"# mine\nFIRST_KEY={workspace.python_key}\n")
    workspace.write(".gitignore", ".env\n")
    helix.start("read.py")
    # Once there is a finding, the server is ready.
    helix.marked()
    helix.keys("j", "f", '"', "l")
    helix.keys("Space", "r")
    helix.wait("the question for the new name", lambda screen: "rename" in screen)
    helix.keys("C-u")
    helix.keys("SECOND_KEY", "Enter")
    helix.wait("the new name", lambda screen: "SECOND_KEY" in screen and "[+]" in screen)
    helix.write_all()
    helix.keys("g", "d")
    helix.wait(".env", lambda screen: re.search(r"NOR +\.env ", screen))
    assert workspace.read("read.py") == text.replace("FIRST_KEY", "SECOND_KEY")
    assert workspace.environment() == {"SECOND_KEY": workspace.python_key}, sorted(workspace.environment())


SCENARIOS = {scenario.__name__: scenario for scenario in (move, env_unsaved, env_open, crlf, refused, read_only, names)}


def main():
    server()
    if reason := absent("helix"):
        print(f"NOT TESTED: {reason}")
        return
    if not shutil.which("tmux"):
        sys.exit("tmux is missing: run tests/real/install.sh helix")
    tool("helix/bin/hx", "helix")
    failed = 0
    chosen = sys.argv[1:] or list(SCENARIOS)
    for name in chosen:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="aikeys-helix-") as folder:
            helix = Helix(os.path.realpath(folder))
            try:
                SCENARIOS[name](helix)
                helix.end()
                verdict = "ok"
            except (AssertionError, OSError, KeyError, subprocess.CalledProcessError) as error:
                failed += 1
                verdict = "FAILED"
                place = traceback.extract_tb(error.__traceback__)[-1]
                print(f"--- {name}, helix_test.py:{place.lineno}: {type(error).__name__}: {error}", file=sys.stderr)
            finally:
                helix.kill()
        print(f"{name}: {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
