#!/usr/bin/env python3
"""How fast the language server is, and how much memory it takes, as an editor sees it: server_speed.py PROGRAM [--peers].

Everything goes through standard input and output. One table is printed: what was measured, the bound, the goal.
A number over its bound is a failure. The bounds are for a busy machine; the goals are what we want on a quiet one.
With `--peers` other language servers get the same edits of the same files, in turns with ours: ruff, and typos-lsp
where it is installed (install.sh peers).
"""

import argparse
import contextlib
import json
import os
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from common import CACHE, openai_key, random_text

FILES = 5000
STARTS = 4
ROUNDS = 3
OPEN = 100  # documents
EDITS = 100_000
LIMIT = 60  # seconds, for each answer

# The bound of each number, and the goal. Milliseconds, where nothing else is said.
START = (600, 150)
START_ELSEWHERE = (2000, 150)  # in a language with a large grammar
COLD = (1200, 300)
ALL_FILES = (6000, None)  # a whole check; a user does not wait for it
MEDIAN = (25, 5)
PAUSE = 0.5  # s: nobody types
MORE = 2  # s: in that time comes what was put off
SLOW = (100, 20)  # 99 of 100 keystrokes are faster
MEDIAN_LARGE = (100, 30)
SLOW_LARGE = (600, 30)
ASKED = (150, None)  # an answer from the open document
SEARCHED = (3000, None)  # an answer from all files
MEMORY = (100, 60)  # MB
GROWTH = (10, 5)  # percent


class Client:
    """One thread: what is sent is sent at once, and messages are read while one of them is waited for."""

    def __init__(self, command, folder, capabilities):
        home = pathlib.Path(folder, "home")
        home.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "GIT_")) and "KEY" not in k}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=kept | {"HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self.capabilities = capabilities
        self.buffer = b""
        self.ids = 0
        self.refreshes = 0
        self.answers = {}

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        rest = memoryview(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        while rest:
            rest = rest[os.write(self.process.stdin.fileno(), rest) :]

    def notify(self, method, params):
        self.send(method=method, params=params)

    def message(self):
        """The next message; what the server asks is answered with nothing."""
        while True:
            message = self.read()
            if "method" not in message or "id" not in message:
                return message

    def read(self, limit=LIMIT):
        while (message := self.cut()) is None:
            out = self.process.stdout.fileno()
            if not select.select([out], [], [], limit)[0]:
                if limit < LIMIT:
                    return None
                sys.exit(f"server_speed.py: no message within {LIMIT} s")
            piece = os.read(out, 1 << 16)
            if not piece:
                sys.exit(f"server_speed.py: the server ended with {self.process.wait()}")
            self.buffer += piece
        if "method" in message and "id" in message:
            self.refreshes += message["method"] == "workspace/diagnostic/refresh"
            self.send(id=message["id"], result=None)
        return message

    def cut(self):
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        length = int(lengths[0])
        if len(rest) < length:
            return None
        self.buffer = rest[length:]
        return json.loads(rest[:length])

    def begin(self, method, params=None):
        self.ids += 1
        self.send(id=self.ids, method=method, **({} if params is None else {"params": params}))
        return self.ids

    def answer(self, request):
        """The answer to a request, however late it is read, and when it came."""
        while request not in self.answers:
            message = self.message()
            if "id" in message:
                self.answers[message["id"]] = (message, time.perf_counter())
        message, when = self.answers.pop(request)
        if "error" in message:
            sys.exit(f"server_speed.py: an answer is an error: {message['error'].get('message')}")
        return message["result"], when

    def ask(self, method, params=None):
        return self.answer(self.begin(method, params))[0]

    def initialize(self, folder):
        uri = pathlib.Path(folder).as_uri()
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "capabilities": self.capabilities,
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": "folder"}],
            },
        )
        self.notify("initialized", {})
        return self

    @property
    def pulls(self):
        return "diagnostic" in self.capabilities["textDocument"]

    def open(self, uri, text, language="python"):
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri, version, at, text="", end=None):
        """One edit. `at` and `end` are (line, character)."""
        start = {"line": at[0], "character": at[1]}
        end = {"line": end[0], "character": end[1]} if end else start
        change = {"range": {"start": start, "end": end}, "text": text}
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]}
        self.notify("textDocument/didChange", params)

    def diagnostics(self, uri, version):
        """Those of this version, pulled or pushed."""
        if self.pulls:
            return self.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})["items"]
        while True:
            message = self.message()
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                if params["uri"] == uri and (params.get("version") or 0) >= version:
                    return params["diagnostics"]

    def tells_more(self):
        """Waits for more of the same text; whether there is more."""
        known = self.refreshes
        while message := self.read(MORE):
            if self.refreshes > known or message.get("method") == "textDocument/publishDiagnostics":
                return True
        return False

    def memory(self):
        """Of the process, in MB: what is in memory now."""
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / 1024
        command = ["ps", "-o", "rss=", "-p", str(self.process.pid)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / 1024

    def processor(self):
        """The time that its threads have computed, in ms: the same on a busy machine. Linux says it."""
        folder, total = pathlib.Path(f"/proc/{self.process.pid}/task"), 0
        # A thread may end meanwhile.
        with contextlib.suppress(OSError):
            for thread in os.listdir(folder):
                total += int((folder / thread / "schedstat").read_text().split()[0])
        return total / 1e6

    def close(self):
        self.ask("shutdown")
        self.send(method="exit")
        self.process.stdin.close()
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            sys.exit("server_speed.py: the server does not end")
        self.process.stdout.close()
        return code


def capabilities(pulls):
    document = {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True, "dataSupport": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source.fixAll"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
        "hover": {"contentFormat": ["markdown"]},
        "completion": {"completionItem": {"snippetSupport": True}},
        "rename": {"prepareSupport": True},
    }
    if pulls:
        document["diagnostic"] = {"relatedDocumentSupport": True}
    workspace = {"workspaceEdit": {"documentChanges": True}, "workspaceFolders": True, "configuration": True}
    # As VS Code and Neovim do.
    workspace["diagnostics"] = {"refreshSupport": True}
    return {"textDocument": document, "workspace": workspace, "general": {"positionEncodings": ["utf-16"]}}


# --- texts ----------------------------------------------------------------------------------------


def python(lines, key):
    text, number = ["import os", "import openai", ""], 0
    while len(text) < lines - 1:
        number += 1
        text += [
            f"def function_{number}(name, count={number}):",
            f'    value = os.environ.get("SETTING_{number}", "default")',
            f'    return {{"name": name, "count": count + {number}, "value": value}}',
            "",
            "",
        ]
    text.append(f'client = openai.OpenAI(api_key="{key}")' if key else "client = openai.OpenAI()")
    return "\n".join(text) + "\n"


def typescript(lines, key):
    text, number = ['import OpenAI from "openai";', ""], 0
    while len(text) < lines - 1:
        number += 1
        text += [
            f"export function function{number}(name: string, count = {number}): Item {{",
            f'    const value = process.env.SETTING_{number} ?? "default";',
            f"    return {{ name, count: count + {number}, value }};",
            "}",
            "",
        ]
    text.append(f'const client = new OpenAI({{ apiKey: "{key}" }});' if key else "const client = new OpenAI();")
    return "\n".join(text) + "\n"


class Place:
    """A repository of many files, with keys in few of them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder, "workspace")
        self.folder.mkdir()
        for number in range(FILES):
            path = (
                self.folder / f"part{number % 25}" / f"unit{number % 20}" / f"file{number}.{('py', 'ts')[number % 2]}"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((python, typescript)[number % 2](60, openai_key() if number % 500 == 0 else None))
        self.key = openai_key()
        self.text = (
            f'import os\n\napi_key = "{self.key}"\nmodel = os.environ["OPENAI_MODEL"]\nother = os.environ["O"]\n'
        )
        self.app = self.write("app.py", self.text)
        self.write("again.py", f'import os\n\nprint("{self.key}", os.environ["OPENAI_MODEL"])\n')
        self.write(".gitignore", ".env\n")
        self.write(".env", "OPENAI_MODEL=some\n")
        git = ["git", "-C", str(self.folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
            subprocess.run([*git, *words], check=True)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return (self.folder / name).as_uri()


# --- the table ------------------------------------------------------------------------------------


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, value, bound=None, unit="ms", note="", computed=None):
        most, goal = bound or (None, None)
        # A busy machine makes everything wait, and computes as much.
        judged = computed or value
        state = "FAR OVER" if most is not None and judged > most else "over" if goal is not None and value > goal else ""
        show = lambda it: "" if it is None else f"{it:g}"
        self.rows.append((what, f"{value:.1f} {unit}", show(goal), show(most), f"{state} {note}".strip()))
        return value

    def show(self):
        head = ("", "measured", "goal", "bound", "")
        widths = [max(len(row[column]) for row in [head, *self.rows]) for column in range(4)]
        for row in [head, *self.rows]:
            what, *numbers = row[:4]
            cells = [what.ljust(widths[0]), *(text.rjust(width) for text, width in zip(numbers, widths[1:])), row[4]]
            print("  ".join(cells).rstrip())

    def end(self):
        failed = [row[0] for row in self.rows if row[4].startswith("FAR OVER")]
        if failed:
            sys.exit(f"server_speed.py: far over the goal: {', '.join(failed)}")


def milliseconds(since):
    return (time.perf_counter() - since) * 1000


def slow(times):
    """99 of 100 are not slower."""
    return sorted(times)[int(len(times) * 0.99)]


# --- what is measured -------------------------------------------------------------------------------


def starts(table, command, place, folder):
    small = pathlib.Path(folder, "small")
    small.mkdir()
    texts = {
        "python": ("app.py", place.text),
        "typescript": ("app.ts", f'const apiKey = "{place.key}";\n'),
        "ruby": ("app.rb", f'api_key = "{place.key}"\n'),
    }
    kinds = [
        ("start to first diagnostic", small, "python", False, START),
        (f"the same in {FILES} files", place.folder, "python", False, COLD),
        (f"the same in {FILES} files, pulled", place.folder, "python", True, COLD),
        ("start to first diagnostic, TypeScript", small, "typescript", False, START_ELSEWHERE),
        ("start to first diagnostic, Ruby", small, "ruby", False, START_ELSEWHERE),
    ]
    all_times = [[] for _ in kinds]
    for _ in range(STARTS):
        for (_, root, language, pulls, _), times in zip(kinds, all_times):
            name, text = texts[language]
            client = Client(command, folder, capabilities(pulls)).initialize(root)
            uri = (root / name).as_uri()
            client.open(uri, text, language)
            assert client.diagnostics(uri, 1), "no diagnostic of a file with a key"
            times.append((milliseconds(client.started), client.processor()))
            client.close()
    for (what, *_, bound), times in zip(kinds, all_times):
        waited, computed = zip(*times)
        note = f"(median {statistics.median(waited):.0f}, computed: {min(computed):.0f})"
        table.add(what, min(waited), bound, note=note, computed=min(computed))


def all_files(table, command, place, folder):
    """Of a client that asks for all files at once, as VS Code does, and wants to see its own file meanwhile."""
    times, between = [], []
    for _ in range(2):
        client = Client(command, folder, capabilities(True)).initialize(place.folder)
        client.open(place.app, place.text)
        started = time.perf_counter()
        whole = client.begin("workspace/diagnostic", {"previousResultIds": []})
        assert client.diagnostics(place.app, 1)
        between.append(milliseconds(started))
        answer, when = client.answer(whole)
        times.append((when - started) * 1000)
        reported = [it for it in answer["items"] if it.get("items")]
        # again.py, and one of 500; app.py is open, and has been reported by itself.
        assert len(reported) >= FILES // 500 + 1, f"{len(reported)} files with diagnostics"
        memory = client.memory()
        client.close()
    table.add(
        f"workspace/diagnostic of {FILES} files", min(times), ALL_FILES, note=f"(median {statistics.median(times):.0f})"
    )
    table.add("the open file meanwhile", min(between), COLD, note=f"(median {statistics.median(between):.0f})")
    table.add("memory after that", memory, (150, None), "MB")


def typed(line):
    """Edits as a user makes them: a line is begun, typed, and taken away from its end."""
    yield (line, 0), "\n", None
    text = '    value = compute(name, count) or "text"'
    for column, letter in enumerate(text):
        yield (line, column), letter, None
    for column in range(len(text), 0, -1):
        yield (line, column - 1), "", (line, column)
    yield (line, 0), "", (line + 1, 0)


class Typing:
    """One document in one server, and the edits that follow."""

    def __init__(self, command, place, folder, pulls, name, language, text):
        self.client = Client(command, folder, capabilities(pulls)).initialize(place.folder)
        self.uri, self.version, self.rounds, self.computed = (place.folder / name).as_uri(), 1, [], []
        self.client.open(self.uri, text, language)
        self.client.diagnostics(self.uri, 1)
        self.lines, self.has_key = text.count("\n"), "sk-" in text

    def round(self, number):
        """One line is typed and deleted, each round in another part of the file."""
        times = []
        # Whoever typed before has stopped: all was parsed.
        time.sleep(PAUSE)
        # Behind the head of a function.
        for at, text, end in typed(self.lines * (2 * number + 1) // (2 * ROUNDS) // 5 * 5 + 4):
            self.version += 1
            before = self.client.processor()
            started = time.perf_counter()
            self.client.change(self.uri, self.version, at, text, end)
            self.client.diagnostics(self.uri, self.version)
            times.append(milliseconds(started))
            # A thread that ends takes its time with it.
            self.computed.append(max(0, self.client.processor() - before))
        self.rounds.append(times)

    def put_off(self):
        """A bracket opens, and nobody types: how long until all is known of the text."""
        times = []
        for _ in range(ROUNDS):
            line = self.lines // 2 // 5 * 5 + 4
            for at, text, end in (((line, 0), "(", None), ((line, 0), "", (line, 1))):
                self.version += 1
                started = time.perf_counter()
                self.client.change(self.uri, self.version, at, text, end)
                self.client.diagnostics(self.uri, self.version)
                if text and self.client.tells_more():
                    if self.client.pulls:
                        self.client.diagnostics(self.uri, self.version)
                    times.append(milliseconds(started))
            time.sleep(PAUSE)
        return statistics.median(times) if times else None

    def times(self):
        """Of each keystroke the median of the rounds: a moment in which the machine was busy does not count."""
        return [statistics.median(times) for times in zip(*self.rounds)]


def keystrokes(table, command, place, folder, peers):
    kinds = [
        ("2,000 lines of Python", "typed.py", "python", python, 2000, (False, True)),
        ("2,000 lines of TypeScript", "typed.ts", "typescript", typescript, 2000, (True,)),
        ("10,000 lines of Python", "long.py", "python", python, 10_000, (True,)),
    ]
    for title, name, language, make, lines, ways in kinds:
        rows = []
        for key, pulls in [(key, pulls) for key in (None, openai_key()) for pulls in ways]:
            what = f"{title}, {'a key' if key else 'no key'}, {'pulled' if pulls else 'pushed'}"
            document = (place, folder, pulls, name, language, make(lines, key))
            theirs = {peer: Typing(program, *document) for peer, program in peers(language, pulls)}
            rows.append((what, Typing(command, *document), theirs))
        for number in range(ROUNDS):
            for _, ours, theirs in rows:
                for typing in (ours, *theirs.values()):
                    typing.round(number)
        for what, ours, theirs in rows:
            times, computed = ours.times(), ours.computed
            median, most = (MEDIAN, SLOW) if lines <= 2000 else (MEDIAN_LARGE, SLOW_LARGE)
            note = f"(computed: {statistics.median(computed):.1f})"
            half = table.add(
                f"keystroke in {what}", statistics.median(times), median, note=note, computed=statistics.median(computed)
            )
            table.add("    99 %", slow(times), most, note=f"(computed: {slow(computed):.1f})", computed=slow(computed))
            if ours.has_key and (late := ours.put_off()):
                table.add("    what a bracket put off", late, note="(with the pause of 150)")
            for peer, typing in theirs.items():
                their_half = statistics.median(typing.times())
                note = f"(99 %: {slow(typing.times()):.1f}; ours takes {half / their_half:.2f} times as long)"
                table.add(f"    {peer}", their_half, note=note)
                typing.client.close()
            ours.client.close()


def questions(table, command, place, folder):
    client = Client(command, folder, capabilities(True)).initialize(place.folder)
    client.open(place.app, place.text)
    document = {"uri": place.app}
    [found] = client.diagnostics(place.app, 1)[:1]
    at_key, at_name = found["range"]["start"], {"line": 3, "character": 22}
    context = {"diagnostics": [found]}
    asked = [
        ("codeAction", {"range": found["range"], "context": context}, ASKED, bool),
        ("hover", {"position": at_key}, ASKED, bool),
        ("completion", {"position": {"line": 4, "character": 21}, "context": {"triggerKind": 1}}, ASKED, bool),
        ("codeLens", {}, SEARCHED, bool),
        (
            "references",
            {"position": at_key, "context": {"includeDeclaration": True}},
            SEARCHED,
            lambda it: len(it) == 2,
        ),
        (
            "references",
            {"position": at_name, "context": {"includeDeclaration": True}},
            SEARCHED,
            lambda it: len(it) == 3,
        ),
        ("rename", {"position": at_name, "newName": "OPENAI_OTHER"}, SEARCHED, bool),
    ]
    for (method, params, bound, is_right), what in zip(asked, ("", "", "", "", " of a key", " of a variable", "")):
        times = []
        for _ in range(10):
            started = time.perf_counter()
            answer = client.ask(f"textDocument/{method}", {"textDocument": document} | params)
            times.append(milliseconds(started))
            assert is_right(answer), f"{method}{what}: a wrong answer"
        table.add(f"{method}{what}", statistics.median(times), bound, note=f"(first {times[0]:.1f})")
    client.close()


def hundred_open(table, command, place, folder):
    client = Client(command, folder, capabilities(False)).initialize(place.folder)
    empty = client.memory()
    for number in range(OPEN):
        make, language, ending = ((python, "python", "py"), (typescript, "typescript", "ts"))[number % 2]
        uri = (place.folder / f"open{number}.{ending}").as_uri()
        client.open(uri, make(300, openai_key() if number % 10 == 0 else None), language)
        client.diagnostics(uri, 1)
    # Each of them is typed in.
    for number in range(OPEN):
        uri = (place.folder / f"open{number}.{('py', 'ts')[number % 2]}").as_uri()
        client.change(uri, 2, (150, 0), "x")
        client.diagnostics(uri, 2)
    table.add(f"memory with {OPEN} open files of 300 lines", client.memory(), MEMORY, "MB", f"(with none: {empty:.1f})")
    client.close()


def many_edits(table, command, place, folder):
    """Letters come and go in all parts of some documents, and keys too, each another one."""
    client = Client(command, folder, capabilities(False)).initialize(place.folder)
    documents = []
    for number in range(10):
        make, language, ending = ((python, "python", "py"), (typescript, "typescript", "ts"))[number % 2]
        uri = (place.folder / f"edited{number}.{ending}").as_uri()
        client.open(uri, make(300, openai_key() if number < 4 else None), language)
        client.diagnostics(uri, 1)
        documents.append(uri)
    memory, versions, count = {}, dict.fromkeys(documents, 1), 0

    def change(uri, *edit):
        nonlocal count
        versions[uri] += 1
        count += 1
        client.change(uri, versions[uri], *edit)

    started = time.perf_counter()
    for done in (EDITS // 5, EDITS):
        while count < done:
            uri = documents[count // 50 % len(documents)]
            for step in range(24):
                line = 5 + (count * 7 + step) % 280
                change(uri, (line, 0), random_text(3))
                change(uri, (line, 0), "", (line, 3))
            line = 5 + count % 280
            change(uri, (line, 0), f'key = "{openai_key()}"\n')
            if count % 1000 < 50:
                client.diagnostics(uri, versions[uri])
            change(uri, (line, 0), "", (line + 1, 0))
            client.diagnostics(uri, versions[uri])
        memory[done] = client.memory()
    growth = (memory[EDITS] / memory[EDITS // 5] - 1) * 100
    seconds = time.perf_counter() - started
    table.add(f"memory after {EDITS // 5:,} edits", memory[EDITS // 5], MEMORY, "MB")
    table.add(f"growth until {EDITS:,} edits", growth, GROWTH, "%", f"({memory[EDITS]:.1f} MB; {seconds:.0f} s)")
    client.close()


# --- peers ----------------------------------------------------------------------------------------


def no_peers(_language, _pulls):
    return []


def all_peers(language, pulls):
    ruff = CACHE / "ruff/bin/ruff"
    if not ruff.exists():
        sys.exit(f"{ruff} is missing: run tests/real/install.sh peers")
    if language == "python":
        yield "ruff", [str(ruff), "server"]
    typos = shutil.which("typos-lsp")
    # It only pushes.
    if typos and not pulls:
        yield "typos-lsp", [typos]


def load():
    return " ".join(f"{it:.1f}" for it in os.getloadavg())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="a part; can be given more than once")
    arguments = parser.parse_args()
    command = [os.path.abspath(arguments.program), "--stdio"]
    peers = all_peers if arguments.peers else no_peers
    table, before, started = Table(), load(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        for name in arguments.only or PARTS:
            PARTS[name](table, command, place, folder, peers)
    table.show()
    print(f"load {before} before, {load()} after; {time.perf_counter() - started:.0f} s")
    table.end()


PARTS = {
    "start": lambda *it: starts(*it[:4]),
    "all-files": lambda *it: all_files(*it[:4]),
    "keystrokes": keystrokes,
    "questions": lambda *it: questions(*it[:4]),
    "open": lambda *it: hundred_open(*it[:4]),
    "edits": lambda *it: many_edits(*it[:4]),
}

if __name__ == "__main__":
    main()
