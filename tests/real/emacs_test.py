#!/usr/bin/env python3
"""Drives Eglot in a real Emacs, with the text that editors/emacs/README.md shows.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp python3 tests/real/emacs_test.py [SCENARIO...]

The Emacs side is emacs_test.el. What lies on the disk is checked here.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import traceback

from common import HERE, REPOSITORY, Workspace, absent, leaks, server, tool

TIME_LIMIT = 60


class Emacs:
    """One Emacs with a home of its own, so that no configuration of the user takes part."""

    def __init__(self, scenario, folder):
        self.scenario = scenario
        self.folder = pathlib.Path(folder)
        self.workspace = Workspace(self.folder / "workspace")
        self.home = self.folder / "home"
        self.home.mkdir()
        # The programs stand where a user would have them.
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "aikeys-lsp").symlink_to(server())

    def run(self, pieces):
        """Runs the scenario, with so many pieces of the page as the configuration."""
        page = (REPOSITORY / "editors" / "emacs" / "README.md").read_text()
        texts = re.findall(r"```elisp\n(.*?)```", page, re.DOTALL)[:pieces]
        init = self.home / "init.el"
        init.write_text("\n".join(texts))
        result = self.folder / "result.json"
        environment = os.environ | {
            "HOME": str(self.home),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "SCENARIO": self.scenario.replace("_", "-"),
            "RESULT": str(result),
        }
        command = [str(tool("emacs/bin/emacs", "emacs")), "--batch", "--no-init-file", "--load", str(init)]
        done = subprocess.run(
            [*command, "--load", str(HERE / "emacs_test.el")], stdin=subprocess.DEVNULL,
            cwd=self.workspace.folder, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT,
        )  # fmt: skip
        output = done.stdout + done.stderr
        assert result.exists(), f"Emacs ended without a result:\n{output}"
        answer = json.loads(result.read_text())
        assert "error" not in answer, f"{answer['error']}\n{output}"
        assert "shutdown" not in answer, f"the server did not end as it should: {answer['shutdown']}"
        for key in (self.workspace.python_key, self.workspace.rust_key):
            shown = [answer.get(it) for it in ("message", "titles", "messages", "told")]
            assert not leaks(json.dumps(shown), key), "a message shows the key"
        return answer

    def move(self, pieces=1):
        """Runs a scenario that moves the key of app.py."""
        answer = self.run(pieces)
        assert answer["marked"] == self.workspace.python_key, "the range is not the literal's content"
        assert answer["modified"], "the buffer was written without being asked to"
        return answer

    def check_moved(self):
        workspace = self.workspace
        assert workspace.python_key not in workspace.read("app.py"), "the key is still in app.py"
        assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key, ".env does not hold the key"
        assert workspace.ignored(".env")


def move(emacs):
    """Marked by Flymake, moved by a code action, undone and redone."""
    answer = emacs.move()
    assert answer["titles"][0].startswith("Move to .env"), answer["titles"]
    assert answer["undone"] and answer["redone"], answer
    emacs.check_moved()
    emacs.workspace.run_app()


def env_unsaved(emacs):
    """`.env` is open and has unsaved changes: neither they nor the key are lost."""
    emacs.workspace.write(".env", "OTHER=1\n")
    emacs.workspace.write(".gitignore", ".env\n")
    emacs.move()
    emacs.check_moved()
    values = emacs.workspace.environment()
    assert (values["OTHER"], values["TYPED"]) == ("1", "2"), f"lines of .env are lost: {sorted(values)}"


def crlf(emacs):
    """Windows' line ends and emoji in the same line: the edit hits the literal, and nothing else changes."""
    workspace = emacs.workspace
    before = f'import os\r\nnote = "🔑 ключ"; api_key = "{workspace.python_key}"\r\nprint("é")\r\n'
    (workspace.folder / "app.py").write_bytes(before.encode())
    emacs.move()
    after = (workspace.folder / "app.py").read_bytes().decode()
    expected = before.replace(f'"{workspace.python_key}"', 'os.environ["OPENAI_API_KEY"]')
    assert after == expected, f"app.py is otherwise than expected: {after.replace(workspace.python_key, 'KEY')!r}"


def refused(emacs):
    """A move that cannot be done changes nothing, and Emacs shows why."""
    workspace = emacs.workspace
    workspace.write(".env", "OTHER=1\nthis is no line of an env file\n")
    before = workspace.read("app.py")
    answer = emacs.run(1)
    assert "cannot read this line" in answer["told"], answer
    assert answer["same"] and workspace.read("app.py") == before


def names(emacs):
    """Definition and rename of a variable, over code and `.env`."""
    workspace = emacs.workspace
    text = f'import os\nkey = os.environ["FIRST_KEY"]\nother = "{workspace.rust_key}"\n'
    workspace.write("read.py", text)
    workspace.write(".env", f"# mine\nFIRST_KEY={workspace.python_key}\n")
    workspace.write(".gitignore", ".env\n")
    answer = emacs.run(1)
    assert (answer["file"], answer["line"]) == (".env", 2), answer
    assert workspace.read("read.py") == text.replace("FIRST_KEY", "SECOND_KEY")
    assert workspace.environment() == {"SECOND_KEY": workspace.python_key}, sorted(workspace.environment())


def beside(emacs):
    """With Ruff in the same buffer, by way of rassumfrassum."""
    for name in ("rass", "ruff"):
        (emacs.folder / "bin" / name).symlink_to(tool(f"rass/bin/{name}", "emacs"))
    answer = emacs.move(2)
    assert any(title.startswith("Ruff") for title in answer["titles"]), answer["titles"]
    emacs.check_moved()


SCENARIOS = {scenario.__name__: scenario for scenario in (move, env_unsaved, crlf, refused, names, beside)}


def main():
    server()
    if reason := absent("emacs"):
        print(f"NOT TESTED: {reason}")
        return
    tool("emacs/bin/emacs", "emacs")
    failed = 0
    chosen = sys.argv[1:] or list(SCENARIOS)
    for name in chosen:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="aikeys-emacs-") as folder:
            try:
                SCENARIOS[name](Emacs(name, os.path.realpath(folder)))
                verdict = "ok"
            except (AssertionError, OSError, KeyError, subprocess.TimeoutExpired) as error:
                failed += 1
                verdict = "FAILED"
                place = traceback.extract_tb(error.__traceback__)[-1]
                print(f"--- {name}, emacs_test.py:{place.lineno}: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"{name}: {verdict} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
