"""Plays the programs of secret stores that cannot be had here, as their documentation and source describe them.

Its first argument is the program's name. Its secrets lie in the file DOUBLE_STATE; DOUBLE_FAULT=locked is what the
program does when nobody is logged in. An option that the program does not have is an error.
"""

import argparse
import base64
import json
import os
import re
import sys
from pathlib import Path

STATE = Path(os.environ["DOUBLE_STATE"])
LOCKED = os.environ.get("DOUBLE_FAULT") == "locked"


def load():
    return json.loads(STATE.read_text()) if STATE.exists() else []


def save(items):
    STATE.write_text(json.dumps(items))


def fail(message, code=1):
    print(message, file=sys.stderr)
    sys.exit(code)


def parse(options, words, flags=()):
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    for word in words:
        parser.add_argument(word)
    for option in options:
        parser.add_argument(option)
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    return parser


def op(arguments):
    """1Password: https://developer.1password.com/docs/cli/reference"""
    if LOCKED:
        fail("[ERROR] 2026/11/28 10:00:00 You are not currently signed in. Please run `op signin --help`")
    items = load()

    def named(name, vault):
        found = [item for item in items if item["title"] == name and item["vault"] == vault]
        if not found:
            fail(f'[ERROR] 2026/11/28 10:00:00 "{name}" isn\'t an item in the "{vault}" vault.')
        if len(found) > 1:
            fail(f'[ERROR] 2026/11/28 10:00:00 More than one item matches "{name}".')
        return found[0]

    match arguments:
        case ["read", *rest]:
            given = parse([], ["reference"], ["--no-newline"]).parse_args(rest)
            parts = given.reference.removeprefix("op://").split("/")
            if len(parts) not in (3, 4):
                fail("[ERROR] 2026/11/28 10:00:00 references should match op://<vault>/<item>[/<section>]/<field>")
            item = named(parts[1], parts[0])
            value = next(field["value"] for field in item["fields"] if field["id"] == parts[-1])
            sys.stdout.write(value if given.no_newline else value + "\n")
        case ["item", "list", *rest]:
            given = parse(["--vault", "--format"], []).parse_args(rest)
            assert given.format == "json"
            shown = [{key: item[key] for key in ("id", "title", "category")} for item in items]
            print(json.dumps([entry for entry, item in zip(shown, items) if item["vault"] == given.vault]))
        case ["item", "get", *rest]:
            given = parse(["--vault", "--format"], ["name"]).parse_args(rest)
            assert given.format == "json"
            print(json.dumps(named(given.name, given.vault)))
        case ["item", "create", *rest]:
            given = parse(["--vault"], ["template"]).parse_args(rest)
            assert given.template == "-", "a template on standard input is announced by `-`"
            item = json.load(sys.stdin)
            assert item["category"] == "API_CREDENTIAL"
            item |= {"id": f"item{len(items)}", "vault": given.vault}
            save([*items, item])
            print(f"ID: {item['id']}\nTitle: {item['title']}\nFields:\n  credential: [use 'op item get --reveal']")
        case ["item", "edit", *rest]:
            given = parse(["--vault"], ["name"]).parse_args(rest)
            old = named(given.name, given.vault)
            new = json.load(sys.stdin)
            assert new["id"] == old["id"], "the template is the item as `op item get` printed it"
            save([new if item is old else item for item in items])
        case _:
            fail(f"[ERROR] unknown command {arguments[:2]}")


def az(arguments):
    """Azure CLI: https://learn.microsoft.com/cli/azure/keyvault/secret; `show` ends with 3 where nothing is found."""
    if LOCKED:
        fail("ERROR: Please run 'az login' to setup account.")
    items = load()
    if arguments[:2] != ["keyvault", "secret"]:
        fail("ERROR: unknown command", 2)
    verb, rest = arguments[2], arguments[3:]
    options = ["--vault-name", "--name", "--output"] + {"set": ["--file", "--encoding"], "show": ["--query"]}[verb]
    given = parse(options, []).parse_args(rest)
    if not re.fullmatch(r"[0-9a-zA-Z-]+", given.name):
        fail(f"ERROR: (BadParameter) The request URI contains an invalid name: {given.name}")
    found = [item for item in items if (item["vault"], item["name"]) == (given.vault_name, given.name)]
    if verb == "set":
        assert given.encoding == "utf-8", "another encoding changes the value"
        item = {"vault": given.vault_name, "name": given.name, "value": Path(given.file).read_text()}
        save([*(item for item in items if item not in found), item])
    elif not found:
        fail(f"ERROR: (SecretNotFound) A secret with (name/id) {given.name} was not found in this key vault.", 3)
    else:
        item = found[0]
    if given.output == "tsv":
        assert given.query == "value"
        print(item["value"])
    elif given.output != "none":
        print(json.dumps(item))


def doppler(arguments):
    """Doppler: https://docs.doppler.com/docs/setting-secrets, and the source of `secrets.go`."""
    if LOCKED:
        fail("Doppler Error: you must provide a token")
    items = load()
    if arguments[0] != "secrets":
        fail("Doppler Error: unknown command")
    verb, rest = arguments[1], arguments[2:]
    flags = {
        "set": ["--raw", "--no-interactive", "--silent"],
        "get": ["--plain", "--raw", "--no-exit-on-missing-secret"],
    }
    given = parse(["--project", "--config"], ["name"], flags[verb]).parse_args(rest)
    place = [given.project, given.config, given.name]
    if verb == "set":
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", given.name):
            fail("Doppler Error: Secret names may only contain uppercase letters, numbers, and underscores")
        value = "\n".join(sys.stdin.read().split("\n"))
        save([*(item for item in items if item["place"] != place), {"place": place, "value": value.removesuffix("\n")}])
        if not given.silent:
            print(given.name, value)
        return
    found = [item["value"] for item in items if item["place"] == place]
    if not found and not given.no_exit_on_missing_secret:
        fail(f"Doppler Error: Could not find requested secret: {given.name}")
    assert given.plain
    print(found[0] if found else "")


def infisical(arguments):
    """Infisical: https://infisical.com/docs/cli/commands/secrets, and the source of `secrets.go`."""
    if LOCKED:
        fail("error: You are not logged in. Please login by running [infisical login]")
    items = load()
    if arguments[0] != "secrets":
        fail("error: unknown command")
    verb, rest = arguments[1], arguments[2:]
    options = ["--projectId", "--env"] + (["--expand"] if verb == "get" else [])
    given = parse(options, ["name"], ["--silent"] + (["--plain"] if verb == "get" else [])).parse_args(rest)
    if verb == "set":
        name, value = given.name.split("=", 1)
        value = Path(value[1:]).read_text() if value.startswith("@") else value
        place = [given.projectId, given.env, name]
        save([*(item for item in items if item["place"] != place), {"place": place, "value": value}])
        print(name, value, "SECRET CREATED")
        return
    place = [given.projectId, given.env, given.name]
    assert given.plain and given.expand == "false"
    for item in items:
        if item["place"] == place:
            print(item["value"])


def bw(arguments):
    """Bitwarden: https://bitwarden.com/help/cli, and the source of its commands."""
    if arguments == ["encode"]:
        print(base64.b64encode(sys.stdin.buffer.read()).decode())
        return
    if arguments.pop(0) != "--nointeraction":
        fail("? Master password: ")
    if LOCKED:
        fail("Vault is locked.")
    items = load()
    match arguments:
        case ["list", "items", "--search", text]:
            found = [item for item in items if text.lower() in item["name"].lower()]
            print(json.dumps(found))
        case ["get", "item", id]:
            print(json.dumps(next(item for item in items if item["id"] == id)))
        case ["create", "item"]:
            item = json.loads(base64.b64decode(sys.stdin.read()))
            assert item["type"] == 1
            save([*items, item | {"id": f"id-{len(items)}"}])
            print(json.dumps(item))
        case ["edit", "item", id]:
            item = json.loads(base64.b64decode(sys.stdin.read()))
            save([item | {"id": id} if old["id"] == id else old for old in items])
            print(json.dumps(item))
        case _:
            fail("error: unknown command")


def bws(arguments):
    """Bitwarden Secrets Manager: https://bitwarden.com/help/secrets-manager-cli"""
    if LOCKED:
        fail("Error: \n   0: Missing access token")
    match arguments:
        case ["secret", "get", id, "--output", "json"]:
            for item in load():
                if item["id"] == id:
                    print(json.dumps(item, indent=2))
                    return
            fail("Error: \n   0: Received error message from server: [404 Not Found] Resource not found.")
        case _:
            fail("error: unrecognized subcommand", 2)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2:])
