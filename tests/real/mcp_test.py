"""The MCP server, driven by the protocol's own client: by a handshake, and by the version that has none.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp CACHE/mcp/bin/python tests/real/mcp_test.py

CACHE is the folder of install.sh. The client checks every answer against its models of the version that was agreed on.
"""

import asyncio
import json
import os
import tempfile

import jsonschema
from common import Workspace, anthropic_key, leaks, server
from mcp import Client, MCPError, StdioServerParameters

LIMIT = 60  # seconds, for each conversation
NEWEST = "2026-07-28"


def findings(result):
    """The findings of a result: what the model reads, and what a program reads, are the same."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content["findings"]


async def refused(client, name, arguments):
    result = await client.call_tool(name, arguments)
    assert result.is_error, f"{name} {arguments} was not refused"
    return result.content[0].text


async def converse(mode, workspace, seen):
    """A whole conversation; `seen` gets all that the server said."""
    command = StdioServerParameters(command=str(server()), args=["mcp"], cwd=str(workspace.folder))
    async with Client(command, mode=mode, read_timeout_seconds=LIMIT) as client:
        agreed = client.protocol_version
        assert agreed == ("2025-11-25" if mode == "legacy" else NEWEST), agreed
        # Who pins a version asks nothing before.
        if mode != NEWEST:
            assert client.server_info.name == "aikeys-lsp"

        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert sorted(tools) == ["check_path", "check_text", "explain"]
        for tool in tools.values():
            assert tool.annotations.read_only_hint and not tool.annotations.open_world_hint
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)

        # Files, with the settings and the git of their folder.
        found = findings(await client.call_tool("check_path", {"path": "app.py"}))
        assert [it["rule"] for it in found] == ["hardcoded-ai-key"], found
        assert found[0]["path"] == "app.py" and found[0]["line"] == 4
        everything = await client.call_tool("check_path", {"path": "."})
        assert {it["path"] for it in findings(everything)} == {"app.py", "src/main.rs"}
        seen.append(everything.model_dump_json())

        # Texts.
        key = anthropic_key()
        text = f'const client = new Anthropic({{ apiKey: "{key}" }});\n'
        checked = await client.call_tool("check_text", {"text": text, "file_name": "web/client.ts"})
        assert [it["provider"] for it in findings(checked)] == ["anthropic"]
        assert not leaks(checked.model_dump_json(), key)
        clean = await client.call_tool("check_text", {"text": "import os\n"})
        assert findings(clean) == []

        # Rules.
        explained = await client.call_tool("explain", {"rule": found[0]["rule"]})
        assert "hardcoded-ai-key (error)" in explained.content[0].text
        assert "hardcoded-ai-key" in await refused(client, "explain", {"rule": "hardcoded-ai-kye"})

        # Nothing outside of the folder, by no way.
        for path in ["/", "..", "../other.py", "out/etc/hostname", "out", str(workspace.folder.parent)]:
            assert "outside" in await refused(client, "check_path", {"path": path}), path
        assert "outside" in await refused(client, "check_text", {"text": "1", "file_name": "/etc/x.py"})
        await refused(client, "check_path", {})

        # A pipe is not waited for.
        pipe = (await client.call_tool("check_path", {"path": "pipe"})).structured_content
        assert pipe["summary"]["problems"] == ["pipe: this is a pipe, not a file"]

        try:
            await client.call_tool("no_such_tool", {})
        except MCPError as error:
            assert error.code == -32602, error
        else:
            raise AssertionError("a tool that is not there was called")


async def together(workspace):
    """Requests that come at once are all answered, each once."""
    command = StdioServerParameters(command=str(server()), args=["mcp"], cwd=str(workspace.folder))
    async with Client(command, read_timeout_seconds=LIMIT) as client:
        texts = [f'key{n} = "{anthropic_key()}"\n' * n for n in range(1, 21)]
        calls = [client.call_tool("check_text", {"text": text, "file_name": "a.py"}) for text in texts]
        results = await asyncio.gather(*calls)
        assert [len(findings(result)) for result in results] == list(range(1, 21))


def main():
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(os.path.join(os.path.realpath(folder), "work"))
        os.symlink("/", workspace.folder / "out")
        os.mkfifo(workspace.folder / "pipe")
        for mode in ["legacy", "auto", NEWEST]:
            seen = []
            asyncio.run(asyncio.wait_for(converse(mode, workspace, seen), LIMIT))
            for key in [workspace.python_key, workspace.rust_key]:
                assert not any(leaks(text, key) for text in seen), "an answer shows a key"
        asyncio.run(asyncio.wait_for(together(workspace), LIMIT))


main()
