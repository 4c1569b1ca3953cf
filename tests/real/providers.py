#!/usr/bin/env python3
"""A stand-in for the accounts of AI providers: one process, any provider by the `Host` of a request.

    providers.py            prints its port, then serves until it is killed (or its standard input ends, with --stdin)

Run it with the Python of `sdk-venv` (tests/real/install.sh providers). A debug build of aikeys-lsp goes there with
AIKEYS_STAND_IN=127.0.0.1:PORT. Each request is checked against what the provider publishes (the types of its SDK, its
service model); one that does not fit gets status 400 and is noted. Answers are checked the same way before they go.

Control: JSON by POST to /_stand_in/..., always answered with JSON.

    reset    {}                                        forgets everything
    admin    {provider, key}                           from now on only this administrator's key is taken
    create   {provider, value?, name?, scope?, owner?, created?, expires?, …}   a key; answers with the key
    used     {provider, id, at, requests?, cost?}      it was used
    set      {provider, id, …}                         changes fields of a key
    revoke   {provider, id}                            the provider ends it
    fail     {how, times?, method?, path?, status?, retry_after?, after?}   what happens to the next requests that fit:
             `status` (an error, nothing done), `half` (broken off half way, nothing done), `lost` (done, and no answer),
             `garbled` (done, and an answer that is none); `after` lets so many pass first
    clock    {shift}                                   seconds that the provider's clock is ahead
    pages    {size}                                    so many items in a page at most
    state    {}                                        everything: {keys: {provider: [...]}, requests: [...], invalid: [...]}
"""

import datetime
import email.utils
import json
import os
import pathlib
import re
import secrets
import string
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class Refused(Exception):
    """What a provider answers instead: a status and a message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


class Invalid(Exception):
    """A request that no client of the provider would send."""


class World:
    """What providers know."""

    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        self.keys = {}  # provider: {id: key}
        self.uses = []  # (provider, id, at, requests, cost)
        self.admins = {}
        self.failures = []
        self.shift = 0
        self.page = None
        self.requests = []
        self.invalid = []
        self.count = 0

    def now(self):
        return int(time.time()) + self.shift

    def of(self, provider):
        return self.keys.setdefault(provider, {})

    def key(self, provider, id):
        if id not in self.of(provider):
            raise Refused(404, f"No such key: {id}")
        return self.of(provider)[id]

    def next(self):
        self.count += 1
        return self.count

    def add(self, provider, key):
        key.setdefault("created", self.now())
        for name in ("expires", "last_used"):
            key.setdefault(name, None)
        key.setdefault("active", True)
        self.of(provider)[key["id"]] = key
        return key

    def used(self, provider, id, at, requests=1, cost=0.0):
        key = self.key(provider, id)
        key["last_used"] = max(key["last_used"] or 0, at)
        self.uses.append((provider, id, at, requests, cost))

    def days(self, provider, since, until=None):
        """{day: {id: [requests, cost]}}, days without use as well."""
        day, until = since - since % 86400, until or self.now()
        days = {}
        while day < until:
            days[day] = {}
            day += 86400
        for whose, id, at, requests, cost in self.uses:
            day = at - at % 86400
            if whose == provider and day in days:
                sums = days[day].setdefault(id, [0, 0.0])
                sums[0] += requests
                sums[1] += cost
        return days

    def cut(self, items, limit):
        """The first page of items, and whether there are more."""
        size = min(limit, self.page or limit)
        return items[:size], len(items) > size


WORLD = World()


def letters(count, alphabet=string.ascii_letters + string.digits):
    return "".join(secrets.choice(alphabet) for _ in range(count))


def query_of(text):
    """Parameters, those of lists (`a[]=1&a[]=2`) as lists."""
    query = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        if name.endswith("[]"):
            query.setdefault(name[:-2], []).append(value)
        elif name in query:
            raise Invalid(f"{name} stands in the query twice")
        else:
            query[name] = value
    return query


class Checked:
    """A `TypedDict` of an SDK: what it does not name is refused."""

    def __init__(self, params):
        from pydantic import ConfigDict, TypeAdapter

        params.__pydantic_config__ = ConfigDict(extra="forbid")
        self.adapter, self.names = TypeAdapter(params), set(params.__annotations__)

    def __call__(self, given, path, strict):
        from pydantic import ValidationError

        path = {name: value for name, value in path.items() if name in self.names}
        try:
            if strict:
                return self.adapter.validate_json(json.dumps({**given, **path}), strict=True)
            return self.adapter.validate_python({**given, **path})
        except ValidationError as error:
            raise Invalid("; ".join(f"{one['loc']}: {one['msg']}" for one in error.errors())) from None


def answered(model, answer):
    """The answer, once the SDK has understood it."""
    from pydantic import TypeAdapter

    TypeAdapter(model).validate_python(answer)
    return answer


class Provider:
    """Serves the requests of one provider: `routes` are (method, pattern, function(path, query, body, headers))."""

    hosts = ()
    routes = ()

    def create(self, given):
        """A key of this provider as `create` of the control wants it."""
        raise NotImplementedError

    def serve(self, method, path, query, body, headers):
        for verb, pattern, function in self.routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return function(self, found.groupdict(), query, body, headers)
        return self.use(method, path, headers)

    def use(self, method, path, headers):
        """Any other request: a call with a key, as `--verify` makes one."""
        token = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise Invalid(f"{method} {path} is none of its requests, and has no key")
        for key in WORLD.of(self.name).values():
            if key.get("value") == token and key["active"] and not (key["expires"] and key["expires"] <= WORLD.now()):
                return {"object": "list", "data": []}
        raise Refused(401, "Incorrect API key provided")

    def admin(self, given, begins):
        wanted = WORLD.admins.get(self.name)
        if given != wanted if wanted else not given.startswith(begins):
            raise Refused(401, "this is no administrator's key")

    def error(self, refused):
        return {"error": {"message": refused.message, "type": "invalid_request_error"}}


PROVIDERS = {}


def provider(of):
    PROVIDERS[of.name] = of()
    return of


def iso(at):
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def control(action, given):
    if action == "reset":
        WORLD.reset()
    elif action == "admin":
        WORLD.admins[given["provider"]] = given["key"]
    elif action == "create":
        name = given.pop("provider")
        return WORLD.add(name, PROVIDERS[name].create(given))
    elif action == "used":
        WORLD.used(given.pop("provider"), given.pop("id"), **given)
    elif action == "set":
        WORLD.key(given.pop("provider"), given.pop("id")).update(given)
    elif action == "revoke":
        del WORLD.of(given["provider"])[given["id"]]
    elif action == "fail":
        WORLD.failures.append({"times": 1, "after": 0, **given})
    elif action == "clock":
        WORLD.shift = given["shift"]
    elif action == "pages":
        WORLD.page = given["size"]
    elif action == "state":
        keys = {name: list(keys.values()) for name, keys in WORLD.keys.items()}
        return {"keys": keys, "requests": WORLD.requests, "invalid": WORLD.invalid}
    else:
        raise Refused(404, f"no such control: {action}")
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(WORLD.now(), usegmt=True)

    def say(self, status, body, headers=()):
        if isinstance(body, str):
            data, kind = body.encode(), "text/xml"
        else:
            data, kind = json.dumps(body).encode(), "application/json"
        self.send_response(status)
        for name, value in [*headers, ("content-type", kind), ("content-length", str(len(data)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def break_off(self):
        self.wfile.write(b'HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"data"')
        self.wfile.flush()
        self.close_connection = True

    def failure(self, path):
        for failure in WORLD.failures:
            fits = re.search(failure.get("path", ""), path) and failure.get("method", self.command) == self.command
            if not fits or not failure["times"]:
                continue
            if failure["after"]:
                failure["after"] -= 1
                continue
            failure["times"] -= 1
            return failure
        return None

    def serve(self):
        address = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        if address.path.startswith("/_stand_in/"):
            with WORLD.lock:
                try:
                    self.say(200, control(address.path.removeprefix("/_stand_in/"), json.loads(text or "{}")))
                except Exception as error:
                    self.say(500, {"error": repr(error)})
            return
        host = self.headers.get("host", "")
        headers = {name.lower(): value for name, value in self.headers.items()}
        with WORLD.lock:
            WORLD.requests.append({"method": self.command, "host": host, "path": self.path})
            of = next((it for it in PROVIDERS.values() if host in it.hosts), None)
            failure = self.failure(address.path)
            how = failure and failure["how"]
            if how == "status":
                wait = failure.get("retry_after")
                error = Refused(failure.get("status", 500), "the stand-in was told to fail")
                body = of.error(error) if of else {}
                return self.say(error.status, body, [("retry-after", str(wait))] if wait is not None else [])
            if how == "half":
                return self.break_off()
            try:
                if of is None:
                    raise Invalid(f"no provider has the host {host}")
                status, answer = 200, of.serve(self.command, address.path, address.query, text, headers)
            except Refused as refused:
                status, answer = refused.status, of.error(refused)
            except Invalid as invalid:
                WORLD.invalid.append(f"{self.command} {host}{self.path} {text}: {invalid}")
                print(WORLD.invalid[-1], file=sys.stderr, flush=True)
                status, answer = 400, {"error": {"message": f"INVALID REQUEST: {invalid}"}}
            except Exception:
                WORLD.invalid.append(f"{self.command} {host}{self.path}: {traceback.format_exc()}")
                print(WORLD.invalid[-1], file=sys.stderr, flush=True)
                status, answer = 400, {"error": {"message": "the stand-in failed"}}
        if how == "lost":
            self.close_connection = True
        elif how == "garbled":
            self.say(status, "<html>bad gateway</html>")
        else:
            self.say(status, answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve


def main():
    # The modules of providers use what is above under this name.
    sys.modules["providers"] = sys.modules["__main__"]
    # Behind what sdk-venv has: the SDK of OpenRouter, and botocore.
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "aikeys-lsp-tests"
    sys.path += [str(cache / "providers"), *map(str, (cache / "moto").glob("lib/*/site-packages"))]
    for module in ("openai", "anthropic", "openrouter", "aws"):
        __import__(f"provider_{module}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    if "--stdin" in sys.argv:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
    else:
        server.serve_forever()


if __name__ == "__main__":
    main()
