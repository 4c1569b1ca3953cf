#!/usr/bin/env python3
"""Drives the plugin in editors/nvim in real, headless Neovims with the real server.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp python3 tests/real/nvim_test.py [VERSION...] [SCENARIO...]

Without a version: 0.10, 0.11 and 0.12.

The Neovim side is nvim_test.lua. What lies on the disk is checked here.
"""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback

from common import HERE, REPOSITORY, Workspace, absent, leaks, server, tool

TIME_LIMIT = 60


def alive(pid):
    with contextlib.suppress(OSError):
        return "(zombie)" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    return False


class Neovim:
    """One Neovim with a home of its own, so that no configuration of the user takes part."""

    def __init__(self, scenario, folder, version, program):
        self.scenario = scenario
        self.version = version
        self.home = pathlib.Path(folder) / "home"
        self.workspace = Workspace(pathlib.Path(folder) / "workspace")
        self.program = program
        self.home.mkdir()
        # A copy: `:helptags` writes beside the help page.
        self.plugin = pathlib.Path(folder) / "plugin"
        shutil.copytree(REPOSITORY / "editors" / "nvim", self.plugin)

    def environment(self):
        folders = {f"XDG_{name.upper()}_HOME": str(self.home / name) for name in ("config", "data", "state", "cache")}
        return os.environ | folders | {"HOME": str(self.home)}

    def command_line(self, *arguments, text=""):
        """The server's own command line, at the home of this Neovim."""
        command = [str(server()), *arguments]
        subprocess.run(
            command, cwd=self.workspace.folder, env=self.environment(), input=text, text=True, check=True, capture_output=True
        )

    def run(self, **more):
        init = self.home / "init.lua"
        init.write_text(
            "vim.opt.runtimepath:append(vim.env.PLUGIN)\n"
            "vim.lsp.log.set_level('trace')\n"
            "if not vim.lsp.enable then require('aikeys').setup() end\n"
        )
        result = self.home / "result.json"
        environment = self.environment() | {
            "AIKEYS_LSP_PATH": str(server()),
            "PLUGIN": str(self.plugin),
            "SCENARIO": self.scenario,
            "RESULT": str(result),
            **more,
        }
        command = [str(self.program), "--headless", "-i", "NONE", "-u", str(init), "-S", str(HERE / "nvim_test.lua")]
        process = subprocess.Popen(
            command,
            cwd=self.workspace.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"Neovim did not end within {TIME_LIMIT} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        assert result.exists(), f"Neovim ended without a result:\n{output}"
        answer = json.loads(result.read_text())
        assert "error" not in answer, f"{answer['error']}\ntold: {answer.get('told')}\n{output}"

        deadline = time.monotonic() + 5
        while any(map(alive, answer["children"])) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = [pid for pid in answer["children"] if alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, "the server outlived Neovim"
        return answer

    def encoding(self):
        """What this Neovim and the server agree on. 0.10 offers UTF-16 only."""
        return "utf-16" if self.version == "0.10" else "utf-8"

    def log(self):
        return (self.home / "state" / "nvim" / "lsp.log").read_text()

    def check_log(self, key):
        """Neovim sends the text of a file when it is opened or changed. Nothing else may hold the key."""
        lines = self.log().splitlines()
        assert any("initialize" in line for line in lines), "the LSP log is not at trace level"
        for line in lines:
            if leaks(line, key):
                method = [m for m in ("textDocument/didOpen", "textDocument/didChange") if f'"{m}"' in line]
                assert method, f"the LSP log holds the key, in: {line[:200]}"

    def check_moved(self, name, key, variable="OPENAI_API_KEY"):
        """The key is out of the source and safe in `.env`."""
        workspace = self.workspace
        source = workspace.read(name)
        assert key not in source, f"the key is still in {name}"
        assert variable in source, f"{name} reads no variable:\n{source}"
        values = workspace.environment()
        assert values.get(variable) == key, f".env has other names or values: {sorted(values)}"
        assert workspace.ignored(".env"), "git does not ignore .env"


def check_diagnostic(diagnostic, key):
    assert diagnostic["source"] == "aikeys", diagnostic["source"]
    assert diagnostic["code"] == "hardcoded-ai-key", diagnostic["code"]
    assert diagnostic["marked"].strip("\"'") == key, "the range is not the literal's content"
    assert not leaks(diagnostic["message"], key), "the message shows the key"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def move(nvim):
    """The whole way: mark, hover, move, write, undo."""
    workspace = nvim.workspace
    key = workspace.python_key
    before = hashlib.sha256(key.encode()).hexdigest()
    answer = nvim.run()

    check_diagnostic(answer["diagnostic"], key)
    assert answer["diagnostic"]["severity"] == 1, "a literal key is an error"
    assert answer["encoding"] == nvim.encoding(), answer["encoding"]
    assert answer["hover"].strip() and not leaks(answer["hover"], key), "the hover is empty or shows the key"
    titles = answer["titles"]
    for beginning in ("Move to .env", "Ignore with a reason…"):
        assert any(title.startswith(beginning) for title in titles), f"no action {beginning!r} in {titles}"
    assert not leaks(json.dumps([titles, answer["command"]]), key), "an action carries the key"
    assert answer["command"]["command"] == "aikeys.move", answer["command"]["command"]
    assert answer["kind"] == "quickfix.aikeys", answer["kind"]

    assert answer["modified"], "the buffer was written without being asked to"
    assert key in answer["source_before_write"] and key in answer["env_before_write"], "the key is nowhere before :w"
    assert answer["files"] == {"app.py": False}, f"other buffers were opened or left modified: {answer['files']}"

    assert answer["undone"], "undo did not bring the text back"
    assert key in answer["env_after_undo"], "undo took the key out of .env"
    assert answer["redone"], "redo did not bring the move back"

    nvim.check_moved("app.py", key)
    assert mode(workspace.folder / ".env") == 0o600, oct(mode(workspace.folder / ".env"))
    assert workspace.run_app() == before, "app.py gets another key than before"
    nvim.check_log(key)


def rust(nvim):
    answer = nvim.run()
    key = nvim.workspace.rust_key
    check_diagnostic(answer["diagnostic"], key)
    nvim.check_moved("src/main.rs", key, "ANTHROPIC_API_KEY")
    assert "env::var" in nvim.workspace.read("src/main.rs")
    assert answer["files"] == {"src/main.rs": False}, answer["files"]
    nvim.check_log(key)


def wide(nvim):
    """The range is right behind characters that UTF-8 and UTF-16 count differently."""
    workspace = nvim.workspace
    workspace.write("wide.py", f'config = {{"ключ 🔑": 1, "api_key": "{workspace.python_key}"}}\n')
    check_diagnostic(nvim.run()["diagnostic"], workspace.python_key)


def env_unsaved(nvim):
    """`.env` is open and has unsaved changes: neither they nor the key are lost."""
    workspace = nvim.workspace
    workspace.write(".env", "OTHER=1\n").chmod(0o640)
    workspace.write(".gitignore", ".env\n")
    answer = nvim.run()
    assert "TYPED=2" in answer["env_buffer"], "the unsaved line is gone from the buffer"
    assert answer["marked"] in answer["env_buffer"] + answer["env_disk"], "the key is nowhere before :wall"
    nvim.check_moved("app.py", workspace.python_key)
    values = workspace.environment()
    assert (values["OTHER"], values["TYPED"]) == ("1", "2"), "lines of .env are lost"
    assert answer["files"] == {".env": False, "app.py": False}, answer["files"]
    assert mode(workspace.folder / ".env") == 0o640, "the mode of .env was changed"


def env_open(nvim):
    """`.env` is open without changes: its buffer must show the new line, or saving it loses the key."""
    workspace = nvim.workspace
    workspace.write(".env", "# mine\nOTHER=1")
    answer = nvim.run()
    nvim.check_moved("app.py", workspace.python_key)
    assert workspace.read(".env").startswith("# mine\nOTHER=1\n"), "lines of .env were changed"
    assert answer["files"] == {".env": False, "app.py": False}, answer["files"]


def save_after_move(nvim):
    answer = nvim.run()
    workspace = nvim.workspace
    assert workspace.python_key not in answer["python"], "app.py was not written"
    assert answer["rust_modified"] and "mine" not in answer["rust"], "another change was written unasked"
    assert workspace.rust_key in answer["rust"]


def everywhere(nvim):
    workspace = nvim.workspace
    workspace.write("other.py", f'KEY = "{workspace.python_key}"\n')
    answer = nvim.run()
    assert workspace.python_key not in answer["other"] and "os.environ" in answer["other"], "other.py still holds the key"
    assert not any(answer["files"].values()), answer["files"]
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key


def stale(nvim):
    """An action that was made for an older text changes nothing and says so."""
    answer = nvim.run()
    assert answer["told"].startswith("aikeys: ") and answer["level"] == 4, answer
    assert not leaks(answer["told"], nvim.workspace.python_key)
    assert answer["unchanged"], "the buffer was edited"
    assert not (nvim.workspace.folder / ".env").exists(), ".env was written"


def refused(nvim):
    nvim.workspace.write(".env", "OTHER=1\nthis is no line of an env file\n")
    answer = nvim.run()
    assert answer["messages"].count("cannot read this line") == 1, answer["messages"]
    assert answer["unchanged"] and nvim.workspace.read(".env").count("\n") == 2, answer


def ignore(nvim):
    answer = nvim.run()
    assert answer["line"].startswith("# aikeys: " + "ignore[hardcoded-ai-key]"), answer["line"]
    assert answer["code"] == "unused-ignore", "nothing asks for the reason"
    assert answer["modified"], "the buffer was written without being asked to"


def dotenv_names(nvim):
    answer = nvim.run()
    answer.pop("children")
    assert answer.pop("settings.env.json") == "json"
    assert set(answer.values()) <= {"sh", "env", "dotenv"}, answer


def health(nvim):
    answer = nvim.run()
    assert "ERROR" not in answer["before"] + answer["running"], answer
    assert "no buffer has started it yet" in answer["before"], answer["before"]
    assert "aikeys-lsp 0." in answer["running"], answer["running"]
    assert "running for 1 buffer(s)" in answer["running"] and f"positions in {nvim.encoding()}" in answer["running"]
    assert "git does not ignore `.env`" in answer["running"], answer["running"]
    assert "'undofile' is on" in answer["running"] and "DEBUG or TRACE" in answer["running"]


def health_missing(nvim):
    report = nvim.run()["report"]
    assert "ERROR" in report and "`no-such-aikeys-lsp` is not an executable" in report, report


def help(nvim):
    """The help page builds, its tags lead to it, and its links lead somewhere."""
    answer = nvim.run()
    commands = {":AikeysCheck", ":AikeysKeys", ":AikeysRotate", ":AikeysStore", ":AikeysStoreCheck", ":AikeysUndo"}
    assert commands | {"aikeys", "aikeys-trust", "aikeys.setup()"} <= set(answer["own"]), answer["own"]
    assert set(answer["own"].values()) == {"aikeys.txt"}, answer["own"]
    assert len(answer["links"]) >= 5 and answer["widest"] <= 78, answer
    assert not answer["dead"] or nvim.version == "0.10", f"links that lead nowhere: {answer['dead']}"


def references(nvim):
    """References are completed, and what the store says of them is shown."""
    place = "ref+age://.aikeys/secrets.age#/"
    nvim.workspace.write(".env", f'THERE="{place}THERE"\nGONE="{place}GONE"\nNEW=\n')
    nvim.command_line("store", "init", "--yes")
    nvim.command_line("store", "put", f"{place}THERE", text=nvim.workspace.python_key)
    answer = nvim.run()
    words = answer["words"]
    assert [word.strip('"') for word in words] == [f"{place}NEW", f"{place}THERE"], words
    assert all(word.startswith('"') for word in words), words
    told = answer["messages"]
    assert "aikeys: 1 reference is there, 1 is not:" in told and f"GONE: {place}GONE: there is no such secret" in told, told
    assert "there is no such secret (when last asked, 2" in answer["hover"], answer["hover"]
    assert not leaks(json.dumps(answer), nvim.workspace.python_key)


def undo(nvim):
    """The last move is put back into the buffer; the key stays in `.env`."""
    answer = nvim.run()
    workspace = nvim.workspace
    assert workspace.python_key not in answer["moved"], "nothing was moved"
    assert answer["same"] and answer["modified"], answer
    assert "put back the move of OPENAI_API_KEY" in answer["messages"], answer["messages"]
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key
    assert "no move of this workspace" in answer["again"], answer["again"]


def rotate(nvim):
    """A key that is overdue is rotated from its action, in a terminal; no key is shown."""
    old, new = "gw-" + secrets.token_hex(16), "gw-" + secrets.token_hex(16)
    workspace = nvim.workspace
    shape = 'id = "gateway.api"\nname = "key"\nformat = "distinctive"\nregex = "gw-[a-f0-9]{32}"\nanchors = ["gw-"]\n'
    sure = 'boundary = "alnum"\nconfidence = "high"\nseverity = "high"\n'
    provider = '[[provider]]\nid = "gateway"\nname = "Our gateway"\nenv = "GATEWAY_API_KEY"\n'
    workspace.write("aikeys.toml", f"{provider}[[provider.key]]\n{shape}{sure}")
    listed = 'variable = "GATEWAY_API_KEY"\nprovider = "gateway"\nsince = "2020-01-01"\nrotate-days = 30\n'
    workspace.write("aikeys.lock", f"version = 1\n\n[[key]]\n{listed}")
    workspace.write(".env", f"GATEWAY_API_KEY={old}\n")
    shown = nvim.run(NEW_KEY=new)["shown"]
    assert workspace.environment() == {"GATEWAY_API_KEY": new}, "the new key is not in .env"
    assert old not in shown and new not in shown, "the terminal shows a key"
    assert "2020-01-01" not in workspace.read("aikeys.lock")


def check(nvim):
    """:AikeysCheck finds what the editor finds, without a running server."""
    answer = nvim.run()
    workspace = nvim.workspace
    found = {item["name"]: item for item in answer["items"]}
    assert set(found) == {"app.py", "src/main.rs"}, sorted(found)
    for name, key in (("app.py", workspace.python_key), ("src/main.rs", workspace.rust_key)):
        item = found[name]
        assert item["marked"].strip("\"'") == key, f"the quickfix range in {name} is wrong"
        assert item["type"] == "E" and item["text"].endswith("[hardcoded-ai-key]"), item
        assert not leaks(item["text"], key), "the quickfix list shows the key"
    assert answer["window"], "the quickfix window is not open"


def crlf(nvim):
    """Windows' line ends and emoji in the same line: the edit hits the literal, and nothing else changes."""
    workspace = nvim.workspace
    before = f'import os\r\nnote = "🔑 ключ"; api_key = "{workspace.python_key}"\r\nprint("é")\r\n'
    (workspace.folder / "crlf.py").write_bytes(before.encode())
    answer = nvim.run()
    check_diagnostic(answer["diagnostic"], workspace.python_key)
    after = (workspace.folder / "crlf.py").read_bytes().decode()
    expected = before.replace(f'"{workspace.python_key}"', 'os.environ["OPENAI_API_KEY"]')
    assert after == expected, f"crlf.py is otherwise than expected: {after.replace(workspace.python_key, 'KEY')!r}"
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key


def read_only(nvim):
    """A file that may not be written: Neovim says so at `:w`, and the key is in both places."""
    workspace = nvim.workspace
    (workspace.folder / "app.py").chmod(0o400)
    answer = nvim.run()
    assert answer["readonly"] and answer["modified"] and not answer["written"], answer
    assert workspace.python_key in workspace.read("app.py")
    assert workspace.environment()["OPENAI_API_KEY"] == workspace.python_key


def outside(nvim):
    """A file in no project: `.env` lies beside it."""
    workspace = nvim.workspace
    workspace.write("../outside/app.py", workspace.read("app.py"))
    answer = nvim.run()
    check_diagnostic(answer["diagnostic"], workspace.python_key)
    assert "root" not in answer, answer
    assert workspace.python_key not in workspace.read("../outside/app.py")
    assert workspace.environment("../outside/.env")["OPENAI_API_KEY"] == workspace.python_key
    assert not (workspace.folder / ".env").exists()


def new_file(nvim):
    """A buffer that was not written yet is no file after the move either."""
    answer = nvim.run()
    check_diagnostic(answer["diagnostic"], nvim.workspace.python_key)
    assert not answer["there"], "new.py was written unasked"
    nvim.check_moved("new.py", nvim.workspace.python_key)


def no_name(nvim):
    """A buffer without a name breaks nothing."""
    answer = nvim.run()
    assert "rror" not in answer["messages"], answer["messages"]


def undo_twice(nvim):
    """Neovim's undo, then the server's: the literal is back once, and the second one says why it does nothing."""
    answer = nvim.run()
    assert answer["undone"] and answer["same"], answer
    assert "nothing was put back" in answer["messages"], answer["messages"]


def check_all(nvim):
    """:AikeysCheck of a running server: all files, unsaved text as it is, nothing twice, and no key."""
    answer = nvim.run()
    workspace = nvim.workspace
    found = {item["name"]: item for item in answer["items"]}
    assert sorted(item["name"] for item in answer["items"]) == ["app.py", "src/main.rs"], answer["items"]
    for name, key in (("app.py", workspace.python_key), ("src/main.rs", workspace.rust_key)):
        assert found[name]["marked"].strip("\"'") == key, f"the quickfix range in {name} is wrong"
        assert not leaks(found[name]["text"], key), "the quickfix list shows the key"
    assert answer["rust"].strip('"') == workspace.rust_key
    assert "2 findings" in answer["messages"], answer["messages"]


def lens(nvim):
    """A lens says that the key stands elsewhere as well, and leads there."""
    workspace = nvim.workspace
    workspace.write("other.py", f'KEY = "{workspace.python_key}"\n')
    answer = nvim.run()
    assert "same key in 2 places" in answer["title"], answer["title"]
    assert [item["name"] for item in answer["items"]] == ["app.py", "other.py"], answer["items"]
    for item in answer["items"]:
        assert item["marked"].strip("\"';") == workspace.python_key, "the quickfix range is wrong"
        assert not leaks(item["text"], workspace.python_key), "the quickfix list shows the key"


def keys(nvim):
    """:AikeysKeys lists every key once for each of its places, and shows none."""
    workspace = nvim.workspace
    workspace.write("other.py", f'KEY = "{workspace.python_key}"\n')
    workspace.write(".env", f"OPENAI_API_KEY={workspace.python_key}\n")
    workspace.write(".gitignore", ".env\n")
    items = nvim.run()["items"]
    assert sorted(item["name"] for item in items) == [".env", "app.py", "other.py", "src/main.rs"], items
    for item in items:
        key = workspace.rust_key if item["name"] == "src/main.rs" else workspace.python_key
        assert item["marked"].strip("\"';") == key, f"the range in {item['name']} is wrong"
        assert not leaks(item["text"], key), "the quickfix list shows the key"
    assert any(item["text"].startswith("OpenAI sk-proj-…") for item in items), items
    assert not any("NIL" in item["text"] or "nil" in item["text"] for item in items), items


def store(nvim):
    """:AikeysStore offers what is set up, and what is chosen comes first."""
    nvim.command_line("store", "init", "--yes")
    answer = nvim.run()
    assert sorted(answer["offered"]) == [".env", "the encrypted store"], answer["offered"]
    assert "keys go to" in answer["chosen"] and "no store `nowhere`" in answer["refused"], answer
    nvim.check_moved("app.py", nvim.workspace.python_key)


def names(nvim):
    """References, definition and rename of a variable, over code and `.env`."""
    workspace = nvim.workspace
    workspace.write("read.py", 'import os\nkey = os.environ["FIRST_KEY"]\n')
    workspace.write(".env", f"# mine\nFIRST_KEY={workspace.python_key}\n")
    workspace.write(".gitignore", ".env\n")
    answer = nvim.run()
    assert sorted(answer["references"]) == [".env", "read.py"], answer["references"]
    assert answer["line"] == "FIRST_KEY", answer["line"]
    assert workspace.read("read.py") == 'import os\nkey = os.environ["SECOND_KEY"]\n'
    expected = {"TYPED": "2", "SECOND_KEY": workspace.python_key}
    assert workspace.environment() == expected, sorted(workspace.environment())


def complete(nvim):
    """The names of variables, where one is read."""
    workspace = nvim.workspace
    workspace.write("read.py", 'import os\nkey = os.environ[""]\n')
    workspace.write(".env", "FIRST_KEY=x\nSECOND_KEY=y\n")
    workspace.write(".gitignore", ".env\n")
    answer = nvim.run()
    assert {"FIRST_KEY", "SECOND_KEY"} <= {word.strip('"') for word in answer["words"]}, answer["words"]


def fix_all(nvim):
    """`source.fixAll.aikeys`, as on saving: all of the file that needs no decision. No key is moved by it."""
    comment = "  # aikeys: " + "ignore[hardcoded-ai-key] is of no use here"
    nvim.workspace.write("twice.py", f"a = 1{comment}\nb = 2{comment}\n")
    answer = nvim.run()
    assert answer["seen"] == "source.fixAll.aikeys" and answer["text"] == "a = 1\nb = 2", answer


def workspace(nvim):
    """The findings of files that are not open. Neovim 0.12 asks for them."""
    if nvim.version != "0.12":
        return
    answer = nvim.run()
    assert answer["rust"].strip('"') == nvim.workspace.rust_key, "a finding is marked wrongly, or twice"


SCENARIOS = [
    move, env_unsaved, env_open, save_after_move, everywhere, refused, ignore, fix_all, crlf, undo,
    rotate, lens, keys, store, names, complete, references, workspace, check, check_all, dotenv_names, health, health_missing, help,
]  # fmt: skip

# What is the server's doing more than Neovim's: 0.11 stands for all, to save time.
ONCE = [rust, wide, stale, read_only, outside, new_file, no_name, undo_twice]


# The program of each version, in the cache folder.
VERSIONS = {"0.10": "nvim-0.10", "0.11": "nvim", "0.12": "nvim-0.12"}


def release(program):
    """What this Neovim says it is: the one of the moving Debian may be newer than its name here."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]


def attempt(version, program, name):
    """Runs one scenario; the verdict, and what was wrong."""
    started = time.monotonic()
    wrong = ""
    with tempfile.TemporaryDirectory(prefix="aikeys-nvim-") as folder:
        try:
            NAMES[name](Neovim(name, os.path.realpath(folder), version, program))
        except (AssertionError, OSError, KeyError) as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            wrong = f"--- {version} {name}, nvim_test.py:{place.lineno}: {type(error).__name__}: {error}\n"
    print(f"{version} {name}: {'FAILED' if wrong else 'ok'} ({time.monotonic() - started:.1f} s)", flush=True)
    return wrong


NAMES = {scenario.__name__: scenario for scenario in SCENARIOS + ONCE}


def chosen(version):
    """What is run in this version: what was named, or all."""
    named = [word for word in sys.argv[1:] if word not in VERSIONS]
    return named or [it.__name__ for it in SCENARIOS + (ONCE if version == "0.11" else [])]


def main():
    server()
    versions = [word for word in sys.argv[1:] if word in VERSIONS] or list(VERSIONS)
    skipped = [reason for version in versions if (reason := absent(VERSIONS[version]))]
    programs = {v: tool(f"{VERSIONS[v]}/bin/nvim", "nvim") for v in versions if not absent(VERSIONS[v])}
    # Neovim and the server wait for each other: two scenarios at once keep two cores busy.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        started = [pool.submit(attempt, v, program, name) for v, program in programs.items() for name in chosen(v)]
        wrong = list(filter(None, (future.result() for future in started)))
    print("".join(wrong), end="", file=sys.stderr, flush=True)
    real = ", ".join(release(program) for program in programs.values())
    print(f"{len(started) - len(wrong)} passed, {len(wrong)} failed, in {real}")
    for reason in skipped:
        print(f"NOT TESTED: {reason}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
