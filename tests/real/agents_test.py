"""The hooks of Claude Code and Codex, called by the agents themselves: a stand-in plays their models.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp python3 tests/real/agents_test.py [AGENT…]

The stand-in asks for one tool after the other. What came of each is told by what the agent sends back, and by the
files that are there in the end. Both agents get a home of their own and no other address than the stand-in's.
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

from common import CACHE, anthropic_key, leaks, server, tool

LIMIT = 180  # seconds, for a whole session
REFUSED = "aikeys-lsp stopped this"
# What Codex knows a model by decides which tools it offers.
CODEX_MODEL = "gpt-5.5"


class Model(http.server.ThreadingHTTPServer):
    """Plays a model: asks for the calls, one an answer, and keeps what came of them by their numbers."""

    def __init__(self, speak, calls):
        super().__init__(("127.0.0.1", 0), Handler)
        self.speak, self.calls, self.asked, self.results = speak, calls, 0, {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer("application/json", b'{"data": [], "models": []}')

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        events = self.server.speak(self.server, request)
        lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
        self.answer("text/event-stream", "".join(lines).encode())


def text_of(content):
    parts = content if isinstance(content, list) else [content]
    return " ".join(part if isinstance(part, str) else part.get("text", "") for part in parts)


def next_call(model):
    number = model.asked
    model.asked += 1
    return (number, *model.calls[number]) if number < len(model.calls) else None


# --- Claude Code: the Messages API ----------------------------------------------------------------


def claude_speaks(model, request):
    for message in request.get("messages", []):
        for part in message["content"] if isinstance(message["content"], list) else []:
            if part.get("type") == "tool_result":
                model.results[int(part["tool_use_id"].split("_")[1])] = text_of(part["content"])
    # Other requests ask for a title and the like.
    call = next_call(model) if request.get("tools") else None
    if call:
        number, name, arguments = call
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": "done"}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    stop = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]


def claude(home, work, hook, calls):
    model = Model(claude_speaks, calls)
    matcher = "Write|Edit|MultiEdit|NotebookEdit|Bash|PowerShell|Read|Grep"
    hooks = {"PreToolUse": [{"matcher": matcher, "hooks": [{"type": "command", "command": hook, "timeout": 30}]}]}
    allow = ["Write", "Edit", "Bash", "Read", "NotebookEdit"]
    settings = home / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"hooks": hooks, "permissions": {"allow": allow}}))
    environment = {
        "ANTHROPIC_BASE_URL": model.address,
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    program = tool("agents/node_modules/.bin/claude", "agents")
    run([program, "-p", "go", "--model", "claude-opus-4-5"], home, work, environment)
    return model.results


# --- Codex: the Responses API ---------------------------------------------------------------------


def codex_speaks(model, request):
    for item in request.get("input", []):
        if item.get("type", "").endswith("_call_output"):
            model.results[int(item["call_id"].split("_")[1])] = text_of(item["output"])
    call = next_call(model)
    if call:
        number, name, arguments = call
        item = {"id": f"item_{number}", "call_id": f"call_{number}", "name": name}
        if isinstance(arguments, str):
            item |= {"type": "custom_tool_call", "input": arguments}
        else:
            item |= {"type": "function_call", "arguments": json.dumps(arguments)}
    else:
        item = {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "done"}]}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    usage |= {"input_tokens_details": None, "output_tokens_details": None}
    return [
        {"type": "response.created", "response": {"id": "r"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": "r", "usage": usage}},
    ]


def codex(home, work, hook, calls):
    model = Model(codex_speaks, calls)
    settings = home / ".codex" / "config.toml"
    settings.parent.mkdir()
    settings.write_text(f"""
model = "{CODEX_MODEL}"
model_provider = "stand-in"

[analytics]
enabled = false

[model_providers.stand-in]
name = "stand-in"
base_url = "{model.address}/v1"
wire_api = "responses"

[[hooks.PreToolUse]]
matcher = "Bash|apply_patch"

[[hooks.PreToolUse.hooks]]
type = "command"
command = '{hook}'
timeout = 30
""")
    program = tool("agents/node_modules/.bin/codex", "agents")
    # The first asks nobody about the hook; the other lets commands run where no sandbox can be made.
    trust = ["--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox"]
    run([program, "exec", "--skip-git-repo-check", *trust, "go"], home, work, {"CODEX_HOME": str(settings.parent)})
    return model.results


def run(command, home, work, environment):
    path = f"{CACHE / 'node/bin'}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8"} | environment
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": LIMIT}
    done = subprocess.run([str(it) for it in command], cwd=work, env=environment, **options)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}"


# --- what they are asked for ------------------------------------------------------------------------


def claude_calls(work, key):
    """Each with whether it has to be refused."""
    path = lambda name: {"file_path": str(work / name)}  # noqa: E731
    cell = {"notebook_path": str(work / "notes.ipynb"), "cell_id": "one"}
    return [
        (True, "Write", path("bad.py") | {"content": f'key = "{key}"\n'}),
        (False, "Write", path("good.py") | {"content": "import os\n"}),
        (False, "Read", path("old.py")),
        (True, "Edit", path("old.py") | {"old_string": "hello", "new_string": anthropic_key()}),
        (False, "Edit", path("old.py") | {"old_string": "hello", "new_string": "bye"}),
        (True, "Bash", {"command": f"echo {key} > bad.txt", "description": "write"}),
        (True, "Bash", {"command": "cat .env", "description": "read"}),
        (False, "Bash", {"command": "echo fine > good.txt", "description": "write"}),
        (True, "Read", path(".env")),
        (False, "Read", path("notes.ipynb")),
        (True, "NotebookEdit", cell | {"new_source": f'key = "{key}"'}),
        (False, "NotebookEdit", cell | {"new_source": "print(2)"}),
    ]


def codex_calls(work, key):
    patch = lambda lines: f"*** Begin Patch\n{lines}\n*** End Patch"  # noqa: E731
    return [
        (True, "apply_patch", patch(f'*** Add File: bad.py\n+key = "{key}"')),
        (False, "apply_patch", patch("*** Add File: good.py\n+import os")),
        (True, "apply_patch", patch(f'*** Update File: old.py\n@@\n-print("hello")\n+print("{anthropic_key()}")')),
        (False, "apply_patch", patch('*** Update File: old.py\n@@\n-print("hello")\n+print("bye")')),
        (True, "exec_command", {"cmd": f"echo {key} > bad.txt"}),
        (True, "exec_command", {"cmd": "cat .env"}),
        (False, "exec_command", {"cmd": "echo fine > good.txt"}),
    ]


AGENTS = {"claude": (claude, claude_calls), "codex": (codex, codex_calls)}


def workspace(folder, old):
    work = folder / "work"
    work.mkdir(parents=True)
    (folder / "home").mkdir()
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    (work / ".gitignore").write_text(".env\n")
    (work / ".env").write_text("A=1\n")
    (work / "old.py").write_text(f'key = "{old}"\nprint("hello")\n')
    cells = [{"id": "one", "cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": []}]
    language = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
    notebook = {"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5}
    (work / "notes.ipynb").write_text(json.dumps(notebook))
    return work


def drive(name, folder):
    start, calls_of = AGENTS[name]
    old, key = anthropic_key(), anthropic_key()
    work = workspace(folder, old)
    calls = calls_of(work, key)
    results = start(folder / "home", work, f"{server()} hook {name} --deny-env-reads", [call[1:] for call in calls])
    for number, (must, kind, _) in enumerate(calls):
        result = results.get(number)
        assert result is not None, f"{name}: call {number} ({kind}) has no result"
        assert (REFUSED in result) == must, f"{name}: call {number} ({kind}) came to: {result.replace(key, '<KEY>')}"
        # Codex shows beside our reason what it did not do.
        ours = result.split("Command: ")[0] if name == "codex" else result
        assert not must or not leaks(ours, key), f"{name}: the reason of call {number} shows the key"
    here = {path.name for path in work.iterdir()}
    assert {"good.py", "good.txt"} <= here and not {"bad.py", "bad.txt"} & here, here
    assert "bye" in (work / "old.py").read_text()


def broken(name, folder):
    """A hook that fails stops nobody."""
    start, calls_of = AGENTS[name]
    work = workspace(folder, anthropic_key())
    calls = [call[1:] for call in calls_of(work, anthropic_key()) if not call[0]]
    results = start(folder / "home", work, f"{server()} hook nobody", calls)
    assert len(results) == len(calls) and (work / "good.py").exists(), results


def main():
    for name in sys.argv[1:] or AGENTS:
        for act in [drive, broken]:
            with tempfile.TemporaryDirectory() as folder:
                act(name, pathlib.Path(os.path.realpath(folder)))


main()
