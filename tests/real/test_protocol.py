"""Conversations with the real server, with the capabilities that real editors send.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp CACHE/pytest-lsp/bin/pytest tests/real/test_protocol.py

CACHE is the folder of install.sh. pytest-lsp carries what Neovim, VS Code and Emacs really declared,
and warns when the server goes beyond it: such a warning is a failure here.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import stat

import pytest
from common import Workspace, leaks, openai_key, server
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities
from pytest_lsp.client import make_test_lsp_client

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.filterwarnings("error::pytest_lsp.checks.LspSpecificationWarning"),
    pytest.mark.parametrize("editor", ["neovim", "visual_studio_code", "emacs"]),
]

LIMIT = 20  # seconds, for each answer


async def until(what, condition):
    for _ in range(LIMIT * 50):
        value = condition()
        if value:
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")


def width(text, encoding):
    """How many units of the negotiated encoding this text has."""
    if encoding == "utf-8":
        return len(text.encode())
    return len(text.encode("utf-16-le")) // 2


def index(text, position, encoding):
    """The place in `text` that an LSP position means."""
    lines = text.split("\n")
    line = lines[position.line]
    before = next(n for n in range(len(line) + 1) if width(line[:n], encoding) >= position.character)
    return sum(len(above) + 1 for above in lines[: position.line]) + before


class Editor:
    """A client that holds open documents, applies edits to them, and keeps all that it was sent."""

    def __init__(self, name, workspace):
        self.workspace = workspace
        self.capabilities = client_capabilities(name)
        self.client = make_test_lsp_client()
        self.received = []
        self.documents = {}
        self.applies = True
        self.encoding = "utf-16"
        structure = self.client.protocol.structure_message

        # Called for each object inside a message too: only whole messages name the protocol.
        def keep(message):
            if "jsonrpc" in message:
                self.received.append(message)
            return structure(message)

        self.client.protocol.structure_message = keep

        @self.client.feature(lsp.WORKSPACE_APPLY_EDIT)
        def apply_edit(params: lsp.ApplyWorkspaceEditParams):
            return self.apply_edit(params)


    @property
    def pulls(self):
        return self.capabilities.text_document.diagnostic is not None

    async def start(self):
        home = self.workspace.folder.parent / "home"
        home.mkdir(exist_ok=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
        await self.client.start_io(str(server()), "--stdio", env=environment | {"HOME": str(home)})
        self.process = self.client._server

    async def initialize(self):
        root = self.workspace.folder.as_uri()
        result = await self.ask(
            self.client.initialize_session(
                lsp.InitializeParams(
                    capabilities=self.capabilities,
                    root_uri=root,
                    workspace_folders=[lsp.WorkspaceFolder(uri=root, name="workspace")],
                )
            )
        )
        self.encoding = result.capabilities.position_encoding or "utf-16"
        return result.capabilities

    async def ask(self, request):
        return await asyncio.wait_for(request, LIMIT)

    async def ask_plain(self, request):
        """The answer as plain JSON: lsprotocol takes an action that has a command for a command."""
        before = len(self.received)
        await self.ask(request)
        [answer] = [message for message in self.received[before:] if "method" not in message]
        return answer["result"]

    def open(self, name, language):
        uri = self.workspace.uri(name)
        self.documents[uri] = lsp.TextDocumentItem(
            uri=uri, language_id=language, version=1, text=self.workspace.read(name)
        )
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=self.documents[uri]))
        return self.documents[uri]

    def replace(self, document, text):
        """A change of the whole text, by the user or by an edit."""
        document.text = text
        document.version += 1
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                text_document=lsp.VersionedTextDocumentIdentifier(uri=document.uri, version=document.version),
                content_changes=[lsp.TextDocumentContentChangeWholeDocument(text=text)],
            )
        )

    def apply_edit(self, params):
        if not self.applies:
            return lsp.ApplyWorkspaceEditResult(applied=False, failure_reason="not now")
        changes = [(uri, None, edits) for uri, edits in (params.edit.changes or {}).items()]
        for change in params.edit.document_changes or []:
            changes.append((change.text_document.uri, change.text_document.version, change.edits))
        for uri, version, edits in changes:
            document = self.documents[uri]
            if version is None:
                assert not self.capabilities.workspace.workspace_edit.document_changes, "an edit without a version"
            else:
                assert version == document.version, "an edit for another version"
            text = document.text
            for edit in sorted(edits, key=lambda edit: index(text, edit.range.start, self.encoding), reverse=True):
                start = index(document.text, edit.range.start, self.encoding)
                end = index(document.text, edit.range.end, self.encoding)
                text = text[:start] + edit.new_text + text[end:]
            self.replace(document, text)
        return lsp.ApplyWorkspaceEditResult(applied=True)

    def published(self, document):
        """The diagnostics that were pushed for this version of the document."""
        return [
            message["params"]["diagnostics"]
            for message in self.received
            if message.get("method") == "textDocument/publishDiagnostics"
            and message["params"]["uri"] == document.uri
            and message["params"].get("version") == document.version
        ]

    async def diagnostics(self, document):
        """Pulled or pushed, as this editor has it; as plain JSON."""
        if self.pulls:
            identifier = lsp.TextDocumentIdentifier(uri=document.uri)
            report = await self.ask_plain(
                self.client.text_document_diagnostic_async(lsp.DocumentDiagnosticParams(text_document=identifier))
            )
            assert report["kind"] == "full", report["kind"]
            return report["items"]
        return (await until("diagnostics", lambda: self.published(document)))[-1]

    def text_of(self, document, plain_range):
        start, end = (lsp.Position(**plain_range[side]) for side in ("start", "end"))
        return document.text[index(document.text, start, self.encoding) : index(document.text, end, self.encoding)]

    async def actions(self, document, at):
        position = lsp.Position(**at)
        params = lsp.CodeActionParams(
            text_document=lsp.TextDocumentIdentifier(uri=document.uri),
            range=lsp.Range(start=position, end=position),
            context=lsp.CodeActionContext(diagnostics=[]),
        )
        return await self.ask_plain(self.client.text_document_code_action_async(params))

    async def move_action(self, document):
        [diagnostic] = await self.diagnostics(document)
        actions = await self.actions(document, diagnostic["range"]["start"])
        return next(action for action in actions if action["title"].startswith("Move to .env"))

    async def execute(self, command):
        params = lsp.ExecuteCommandParams(command=command["command"], arguments=command["arguments"])
        return await self.ask(self.client.workspace_execute_command_async(params))

    def check_secret(self, key):
        """Nothing that the server ever sent holds the key."""
        for message in self.received:
            assert not leaks(json.dumps(message, ensure_ascii=False), key), f"the server sent the key: {message.keys()}"

    def told(self):
        """What the server showed to the user."""
        return [m["params"]["message"] for m in self.received if m.get("method") == "window/showMessage"]

    async def exit_code(self):
        return await asyncio.wait_for(self.process.wait(), LIMIT)


@contextlib.asynccontextmanager
async def running(name, tmp_path):
    editor = Editor(name, Workspace(tmp_path / "workspace"))
    await editor.start()
    try:
        yield editor
    finally:
        if editor.process.returncode is None:
            editor.process.kill()
            await editor.process.wait()
        # A server that was killed may have been in the middle of a message.
        with contextlib.suppress(asyncio.IncompleteReadError):
            await editor.client.stop()


async def test_initialize(editor, tmp_path):
    """The server offers what the client can use, and no more."""
    async with running(editor, tmp_path) as it:
        server_capabilities = await it.initialize()
        general = it.capabilities.general
        offered = (general and general.position_encodings) or []
        assert it.encoding == ("utf-8" if "utf-8" in offered else "utf-16")
        assert "aikeys.move" in server_capabilities.execute_command_provider.commands
        kinds = server_capabilities.code_action_provider.code_action_kinds
        assert any(kind == "quickfix" or kind.startswith("quickfix.aikeys") for kind in kinds), kinds
        assert server_capabilities.hover_provider
        assert (server_capabilities.diagnostic_provider is not None) == it.pulls


async def test_diagnostics(editor, tmp_path):
    """Pushed or pulled, never both; at the right place behind wide characters; gone with the key."""
    async with running(editor, tmp_path) as it:
        await it.initialize()
        key = openai_key()
        it.workspace.write("wide.py", f'config = {{"ключ 🔑": 1, "api_key": "{key}"}}\n')
        document = it.open("wide.py", "python")

        [diagnostic] = await it.diagnostics(document)
        assert (diagnostic["source"], diagnostic["code"]) == ("aikeys", "hardcoded-ai-key")
        assert diagnostic["severity"] == 1
        assert it.text_of(document, diagnostic["range"]).strip("\"'") == key

        it.replace(document, 'config = {"api_key": ""}\n')
        assert await it.diagnostics(document) == []
        if it.pulls:
            pushed = [m for m in it.received if m.get("method") == "textDocument/publishDiagnostics"]
            assert pushed == [], "pushed to a client that pulls"
        it.check_secret(key)


async def test_hover(editor, tmp_path):
    async with running(editor, tmp_path) as it:
        await it.initialize()
        document = it.open("app.py", "python")
        [diagnostic] = await it.diagnostics(document)
        position = lsp.Position(**diagnostic["range"]["start"])
        identifier = lsp.TextDocumentIdentifier(uri=document.uri)
        hover = await it.ask(
            it.client.text_document_hover_async(lsp.HoverParams(text_document=identifier, position=position))
        )
        assert "hardcoded-ai-key" in str(hover.contents)
        it.check_secret(it.workspace.python_key)


async def test_move(editor, tmp_path):
    """The action carries a command and no key; the command moves the key; the program still runs."""
    async with running(editor, tmp_path) as it:
        await it.initialize()
        workspace, key = it.workspace, it.workspace.python_key
        document = it.open("app.py", "python")

        action = await it.move_action(document)
        assert action["kind"] == "quickfix.aikeys"
        assert "edit" not in action, "an edit would be applied before the command"
        assert action["command"]["command"] == "aikeys.move"
        await it.execute(action["command"])

        assert key not in document.text and "OPENAI_API_KEY" in document.text
        assert document.version == 2, "not one edit"
        assert workspace.environment()["OPENAI_API_KEY"] == key
        assert stat.S_IMODE((workspace.folder / ".env").stat().st_mode) == 0o600
        assert workspace.ignored(".env")
        assert key in workspace.read("app.py"), "the server wrote a file that the editor has open"
        assert await it.diagnostics(document) == []

        workspace.write("app.py", document.text)
        assert workspace.run_app() == hashlib.sha256(key.encode()).hexdigest()
        it.check_secret(key)


async def test_refused_edit(editor, tmp_path):
    """The client refuses the edit: the source is as it was, and the user hears of it."""
    async with running(editor, tmp_path) as it:
        await it.initialize()
        document = it.open("app.py", "python")
        before = document.text
        action = await it.move_action(document)
        it.applies = False
        failed = False
        try:
            await it.execute(action["command"])
        except JsonRpcException:
            failed = True
        assert failed or it.told(), "a refused edit passed in silence"
        assert document.text == before and document.version == 1
        it.check_secret(it.workspace.python_key)


async def test_stale_action(editor, tmp_path):
    """An action for an older version changes nothing at all."""
    async with running(editor, tmp_path) as it:
        await it.initialize()
        document = it.open("app.py", "python")
        action = await it.move_action(document)
        # The key stands where it stood: only the version tells.
        it.replace(document, document.text + "# typed meanwhile\n")
        before = document.text
        with pytest.raises(JsonRpcException):
            await it.execute(action["command"])
        assert document.text == before
        assert not (it.workspace.folder / ".env").exists()
        it.check_secret(it.workspace.python_key)


async def test_end(editor, tmp_path):
    """After `shutdown` requests are refused, and `exit` ends the process with 0, stdin still open."""
    async with running(editor, tmp_path) as it:
        await it.initialize()
        document = it.open("app.py", "python")
        await it.diagnostics(document)
        await it.ask(it.client.shutdown_async(None))
        with pytest.raises(JsonRpcException) as refusal:
            await it.actions(document, {"line": 0, "character": 0})
        assert refusal.value.code == -32600
        it.client.exit(None)
        assert await it.exit_code() == 0


async def test_exit_without_shutdown(editor, tmp_path):
    async with running(editor, tmp_path) as it:
        await it.initialize()
        it.client.exit(None)
        assert await it.exit_code() == 1
