#!/usr/bin/env python3
"""Holds what a client and the Google stand-in said to each other against Google's own description.

    check_traffic.py TRAFFIC.jsonl [METHOD...]

Each exchange must be a known method at a known path, with known parameters, and bodies whose fields exist and
have the right type. Each METHOD (as in `secrets.addVersion`) must have been used. Prints how often each method
was; problems go to standard error, with exit code 1. Runs with the Python of `tests/real/install.sh google`.
"""

import base64
import binascii
import collections
import json
import pathlib
import re
import sys
from importlib.util import find_spec

CODES = {
    "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400, "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499, "INTERNAL": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}  # fmt: skip
TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict}
FORMATS = {
    "int32": r"-?\d{1,10}",
    "int64": r"-?\d{1,19}",
    "google-datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "google-duration": r"-?\d+(\.\d{1,9})?s",
    "google-fieldmask": r"[\w.]+(,[\w.]+)*",
}


def description():
    folder = pathlib.Path(find_spec("googleapiclient").origin).parent
    return json.loads((folder / "discovery_cache/documents/secretmanager.v1.json").read_text())


def methods(resources):
    """Every method below: its id without the service, and what it takes and gives."""
    for resource in resources.values():
        for method in resource.get("methods", {}).values():
            form = re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape(method["flatPath"]))
            yield {**method, "id": method["id"].removeprefix("secretmanager.projects."), "form": "/" + form}
        yield from methods(resource.get("resources", {}))


class Checker:
    def __init__(self):
        self.google = description()
        self.methods = list(methods(self.google["resources"]))
        self.used = collections.Counter()
        self.problems = []

    def exchange(self, number, said):
        """One line of the traffic."""

        def wrong(what):
            self.problems.append(f"{number}: {said['method']} {said['path']}: {what}")

        fits = (it for it in self.methods if it["httpMethod"] == said["method"])
        method = next((it for it in fits if re.fullmatch(it["form"], said["path"])), None)
        if method is None:
            return wrong("Google has no such method")
        self.used[method["id"]] += 1
        with_numbers = "enum-encoding=int" in said["query"].get("$alt", "")
        for name, value in said["query"].items():
            known = method["parameters"].get(name) or self.google["parameters"].get(name.removeprefix("$"))
            if known is None or known["location"] != "query":
                wrong(f"no query parameter `{name}`")
            elif known.get("format") in FORMATS and not re.fullmatch(FORMATS[known["format"]], value):
                wrong(f"the query parameter `{name}` is no {known['format']}")
        if said["request"] is not None:
            if "request" not in method:
                wrong("the method takes no body")
            else:
                self.value("request", said["request"], method["request"], with_numbers, wrong)
        if said["status"] == 200:
            self.value("response", said["response"], method["response"], with_numbers, wrong)
        else:
            self.error(said, wrong)

    def value(self, place, value, schema, with_numbers, wrong):
        schema = self.google["schemas"][schema["$ref"]] if "$ref" in schema else schema
        kind = schema.get("type", "any")
        if "enum" in schema and with_numbers and isinstance(value, int):
            if not 0 <= value < len(schema["enum"]):
                wrong(f"{place}: no value has the number {value}")
            return
        if kind != "any" and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
            return wrong(f"{place}: not of the type {kind}")
        if "enum" in schema and value not in schema["enum"]:
            wrong(f"{place}: not one of {', '.join(schema['enum'])}")
        form = schema.get("format")
        if form in FORMATS and not re.fullmatch(FORMATS[form], str(value)):
            wrong(f"{place}: no {form}")
        if form == "byte" and not is_base64(value):
            wrong(f"{place}: no base64")
        if kind == "array":
            for at, item in enumerate(value):
                self.value(f"{place}[{at}]", item, schema["items"], with_numbers, wrong)
        if kind == "object":
            for name, field in value.items():
                known = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
                if known is None:
                    wrong(f"{place}: no field `{name}`")
                else:
                    self.value(f"{place}.{name}", field, known, with_numbers, wrong)

    def error(self, said, wrong):
        error = (said["response"] or {}).get("error")
        if not isinstance(error, dict) or not isinstance(error.get("message"), str):
            return wrong("an error without Google's form")
        if error.get("code") != said["status"] or CODES.get(error.get("status")) != said["status"]:
            wrong(f"the status {error.get('status')} does not belong to {said['status']}")
        if not error.keys() <= {"code", "message", "status", "details"}:
            wrong("fields in an error that Google does not send")


def is_base64(text):
    try:
        base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        return True
    except (binascii.Error, ValueError):
        return False


def main():
    path, *wanted = sys.argv[1:]
    checker = Checker()
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            checker.exchange(number, json.loads(line))
    missing = [method for method in wanted if not checker.used[method]]
    for method in missing:
        checker.problems.append(f"the method {method} was not used")
    if not checker.used:
        checker.problems.append("no exchange at all")
    for method, times in sorted(checker.used.items()):
        print(f"{times:5} {method}")
    for problem in checker.problems:
        print(problem, file=sys.stderr)
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main())
