#!/usr/bin/env python3
"""Plays Google Secret Manager (REST, version 1) on the loopback interface, for as long as the test lives.

    google_standin.py [--port N] [--token T] [--deny PROJECT] [--traffic FILE] [--cert FILE --key FILE]

Nothing of Google's can be had without the network, so `test_google_standin.py` lets Google's own client live a
secret's whole life here, and `check_traffic.py` holds what went over the wire against Google's own description.
Prints `listening on HOST:PORT` when it is ready. With `--token` a request needs that bearer token, which the
token endpoint (`/token`) and the metadata server (`/computeMetadata/...`) hand out. With `--traffic` each
exchange becomes a line of JSON, with zeros in the place of the secret's bytes.
"""

import argparse
import base64
import binascii
import datetime
import json
import re
import ssl
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

LARGEST_PAYLOAD = 64 * 1024
STATES = ["STATE_UNSPECIFIED", "ENABLED", "DISABLED", "DESTROYED"]
CODES = {
    "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404, "ALREADY_EXISTS": 409, "INTERNAL": 500,
}  # fmt: skip
ACCOUNT = json.dumps({"aliases": ["default"], "email": "demo@example.invalid", "scopes": ["cloud-platform"]})
CHANGEABLE = {"labels", "annotations", "versionAliases", "ttl", "expireTime", "topics", "rotation", "versionDestroyTtl"}
NAME = r"projects/([^/:]+)(/locations/[^/:]+)?"
SECRET = NAME + r"/secrets/([^/:]+)"


def crc32c(data, table=[]):
    """The Castagnoli checksum."""
    if not table:
        for byte in range(256):
            for _ in range(8):
                byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
            table.append(byte)
    rest = 0xFFFFFFFF
    for byte in data:
        rest = rest >> 8 ^ table[(rest ^ byte) & 0xFF]
    return rest ^ 0xFFFFFFFF


class Refusal(Exception):
    """An answer in Google's form of an error."""

    def __init__(self, status, message):
        super().__init__(message)
        self.body = {"error": {"code": CODES[status], "message": message, "status": status}}


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number_of(project):
    """Google answers with the project's number, whatever the request named."""
    return project if project.isdigit() else str(10**11 + zlib.crc32(project.encode()))


class Service:
    """All secrets, and what can be done with them. One request at a time."""

    def __init__(self, denied=None):
        self.secrets = {}  # name -> {"about": Secret, "versions": [{"about": SecretVersion, "data": bytes}]}
        self.denied = denied
        self.changes = 0
        self.lock = threading.Lock()
        # In this order: a method, the form of its path, what does it.
        self.routes = [
            ("GET", NAME + "/secrets", self.list_secrets),
            ("POST", NAME + "/secrets", self.create),
            ("GET", SECRET, self.get),
            ("PATCH", SECRET, self.patch),
            ("DELETE", SECRET, self.delete),
            ("POST", SECRET + ":addVersion", self.add_version),
            ("GET", SECRET + "/versions", self.list_versions),
            ("GET", SECRET + "/versions/([^/:]+)", self.get_version),
            ("GET", SECRET + "/versions/([^/:]+):access", self.access),
            ("POST", SECRET + "/versions/([^/:]+):(enable|disable|destroy)", self.change_state),
        ]

    def answer(self, method, path, query, body):
        """The body of the answer, or None where Google's front door knows no such place."""
        for wanted, form, handler in self.routes:
            found = re.fullmatch("/v1/" + form, path)
            if not found or method != wanted:
                continue
            project, location, *rest = found.groups()
            if self.denied in (project, number_of(project)):
                raise Refusal("PERMISSION_DENIED", f"Permission denied on resource project {project}.")
            parent = f"projects/{number_of(project)}{location or ''}"
            with self.lock:
                return handler(parent, *rest, query=query, body=body)
        return None

    def etag(self):
        self.changes += 1
        return f'"{0x16A000 + self.changes:x}"'

    # --- secrets -------------------------------------------------------------------------------

    def secret(self, parent, identity, given=None):
        name = f"{parent}/secrets/{identity}"
        secret = self.secrets.get(name)
        if secret is None:
            raise Refusal("NOT_FOUND", f"Secret [{name}] not found.")
        if given and given != secret["about"]["etag"]:
            raise Refusal("FAILED_PRECONDITION", f"The etag of [{name}] is another by now.")
        return secret

    def create(self, parent, query, body):
        identity = query.get("secretId", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", identity):
            raise Refusal("INVALID_ARGUMENT", "The secret id must have 1 to 255 letters, digits, '-' or '_'.")
        replication = body.get("replication")
        if "/locations/" in parent:
            if replication is not None:
                raise Refusal("INVALID_ARGUMENT", "A regional secret has no replication.")
        elif not isinstance(replication, dict) or len(replication) != 1:
            raise Refusal("INVALID_ARGUMENT", "secret.replication must be automatic or user managed.")
        name = f"{parent}/secrets/{identity}"
        if name in self.secrets:
            raise Refusal("ALREADY_EXISTS", f"Secret [{name}] already exists.")
        kept = {field: value for field, value in body.items() if field in CHANGEABLE | {"replication"}}
        about = {"name": name, **kept, "createTime": now(), "etag": self.etag()}
        self.secrets[name] = {"about": about, "versions": []}
        return about

    def get(self, parent, identity, query, body):
        return self.secret(parent, identity)["about"]

    def patch(self, parent, identity, query, body):
        secret = self.secret(parent, identity, body.get("etag"))
        mask = [camel(field) for field in query.get("updateMask", "").split(",") if field]
        if not mask or not CHANGEABLE.issuperset(mask):
            raise Refusal("INVALID_ARGUMENT", "updateMask must name fields that can be changed.")
        for field in mask:
            secret["about"].pop(field, None)
            if field in body:
                secret["about"][field] = body[field]
        secret["about"]["etag"] = self.etag()
        return secret["about"]

    def delete(self, parent, identity, query, body):
        self.secret(parent, identity, query.get("etag"))
        del self.secrets[f"{parent}/secrets/{identity}"]
        return {}

    def list_secrets(self, parent, query, body):
        about = [secret["about"] for name, secret in self.secrets.items() if name.startswith(parent + "/secrets/")]
        chosen = filtered(about, query, "name", lambda secret, text: text in secret["name"].rsplit("/", 1)[1])
        return page("secrets", chosen, query)

    # --- versions ------------------------------------------------------------------------------

    def version(self, parent, identity, which):
        """`latest` is the newest one, whatever its state."""
        secret = self.secret(parent, identity)
        which = str(secret["about"].get("versionAliases", {}).get(which, which))
        if which == "latest":
            which = str(len(secret["versions"]))
        if not which.isdigit() or not 1 <= int(which) <= len(secret["versions"]):
            name = f"{parent}/secrets/{identity}"
            lost = f"Secret Version [{name}/versions/{which}] not found."
            raise Refusal("NOT_FOUND", lost if secret["versions"] else f"Secret [{name}] has no versions.")
        return secret["versions"][int(which) - 1]

    def add_version(self, parent, identity, query, body):
        secret = self.secret(parent, identity)
        payload = body.get("payload") or {}
        data, checksum = decoded(payload.get("data")), payload.get("dataCrc32c")
        if len(data) > LARGEST_PAYLOAD:
            raise Refusal("INVALID_ARGUMENT", f"The payload has {len(data)} bytes, more than {LARGEST_PAYLOAD}.")
        if checksum is not None and str(checksum) != str(crc32c(data)):
            raise Refusal("INVALID_ARGUMENT", "The checksum did not match the data.")
        kind = next(iter(secret["about"].get("replication", {"automatic": {}})))
        about = {
            "name": f"{parent}/secrets/{identity}/versions/{len(secret['versions']) + 1}",
            "createTime": now(),
            "state": "ENABLED",
            "replicationStatus": {kind: {}},
            "etag": self.etag(),
            "clientSpecifiedPayloadChecksum": checksum is not None,
        }
        secret["versions"].append({"about": about, "data": data})
        return about

    def get_version(self, parent, identity, which, query, body):
        return self.version(parent, identity, which)["about"]

    def access(self, parent, identity, which, query, body):
        version = self.version(parent, identity, which)
        about, data = version["about"], version["data"]
        if about["state"] != "ENABLED":
            raise Refusal("FAILED_PRECONDITION", f"Secret Version [{about['name']}] is in {about['state']} state.")
        payload = {"data": base64.b64encode(data).decode(), "dataCrc32c": str(crc32c(data))}
        return {"name": about["name"], "payload": payload}

    def change_state(self, parent, identity, which, what, query, body):
        """Even a change that changes nothing gives another etag."""
        version = self.version(parent, identity, which)
        about = version["about"]
        if body.get("etag") and body["etag"] != about["etag"]:
            raise Refusal("FAILED_PRECONDITION", f"The etag of [{about['name']}] is another by now.")
        if about["state"] == "DESTROYED":
            raise Refusal("FAILED_PRECONDITION", f"Secret Version [{about['name']}] is in DESTROYED state.")
        about["state"] = {"enable": "ENABLED", "disable": "DISABLED", "destroy": "DESTROYED"}[what]
        about["etag"] = self.etag()
        if what == "destroy":
            about["destroyTime"], version["data"] = now(), b""
        return about

    def list_versions(self, parent, identity, query, body):
        about = [version["about"] for version in self.secret(parent, identity)["versions"]]
        return page("versions", filtered(about, query, "state", lambda it, text: it["state"] == text), query)


def camel(field):
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), field)


def decoded(text):
    """Base64 in either alphabet, padded or not, as all of Google's interfaces take it."""
    if not isinstance(text, str) or not text:
        raise Refusal("INVALID_ARGUMENT", "The payload has no data.")
    try:
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise Refusal("INVALID_ARGUMENT", "Base64 decoding failed for the payload's data.") from None


def filtered(about, query, field, fits):
    """One filter of Google's language, `FIELD:TEXT`; another one is an error and not an empty list."""
    if not query.get("filter"):
        return about
    name, _, text = query["filter"].partition(":")
    if name != field or not re.fullmatch(r"[\w-]+", text):
        raise Refusal("INVALID_ARGUMENT", f"The stand-in knows no such filter: {query['filter']}")
    return [it for it in about if fits(it, text)]


def page(field, about, query):
    """The newest first; the token is where the next page begins."""
    about = about[::-1]
    try:
        size = int(query.get("pageSize") or 0)
        start = int(base64.b64decode(query.get("pageToken") or "", validate=True) or 0)
    except ValueError:
        raise Refusal("INVALID_ARGUMENT", "The page size or the page token is wrong.") from None
    end = start + (size if 0 < size < 25000 else 25000)
    answer = {field: about[start:end]} if about[start:end] else {}
    if end < len(about):
        answer["nextPageToken"] = base64.b64encode(str(end).encode()).decode()
    if about and not query.get("filter"):
        answer["totalSize"] = len(about)
    return answer


def with_numbers(value):
    """The states as numbers, for a client that asked for `enum-encoding=int`."""
    if isinstance(value, list):
        return [with_numbers(item) for item in value]
    if isinstance(value, dict):
        return {k: STATES.index(v) if k == "state" else with_numbers(v) for k, v in value.items()}
    return value


def without_payload(body):
    """A copy whose secret bytes are zeros; text that is no base64 stays recognisable as such."""
    copy = json.loads(json.dumps(body))
    payload = copy.get("payload") if isinstance(copy, dict) else None
    if isinstance(payload, dict) and isinstance(payload.get("data"), str):
        try:
            payload["data"] = base64.b64encode(bytes(len(decoded(payload["data"])))).decode()
        except Refusal:
            payload["data"] = "not base64!"
        if isinstance(payload.get("dataCrc32c"), str):
            payload["dataCrc32c"] = "0"
    return copy


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, code, kind, body, headers=()):
        self.send_response(code)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        address = urlsplit(self.path)
        path, query = unquote(address.path), dict(parse_qsl(address.query))
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/token":
            return self.give_token()
        if path == "/" or path.startswith("/computeMetadata/"):
            return self.give_metadata(path)
        request, code = None, 200
        try:
            request = self.read(sent)
            answer = self.server.service.answer(self.command, path, query, request or {})
        except Refusal as refusal:
            answer, code = refusal.body, refusal.body["error"]["code"]
        if answer is None:
            self.send(404, "text/html; charset=UTF-8", b"<!DOCTYPE html><title>Error 404 (Not Found)</title>")
            return self.note(path, query, request, 404, None)
        if "enum-encoding=int" in query.get("$alt", "") and code == 200:
            answer = with_numbers(answer)
        self.note(path, query, request, code, answer)
        return self.send(code, "application/json; charset=UTF-8", json.dumps(answer).encode())

    do_GET = do_POST = do_PATCH = do_DELETE = handle_request

    def read(self, sent):
        token = self.server.token
        if token and self.headers.get("Authorization") != f"Bearer {token}":
            raise Refusal("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        try:
            request = json.loads(sent) if sent else None
        except ValueError:
            raise Refusal("INVALID_ARGUMENT", "Invalid JSON payload received.") from None
        if request is not None and not isinstance(request, dict):
            raise Refusal("INVALID_ARGUMENT", "Invalid JSON payload received: not an object.")
        return request

    def note(self, path, query, request, status, answer):
        if self.server.traffic:
            exchange = {"method": self.command, "path": path, "query": query, "request": without_payload(request)}
            line = json.dumps({**exchange, "status": status, "response": without_payload(answer)})
            with self.server.noting, open(self.server.traffic, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def give_token(self):
        """What a login or a service account gets for its proof. The proof is not looked at."""
        answer = {"access_token": self.server.token or "any", "expires_in": 3600, "token_type": "Bearer"}
        self.send(200, "application/json", json.dumps(answer).encode())

    def give_metadata(self, path):
        """What a machine of Google's tells the programs on it."""
        flavor = [("Metadata-Flavor", "Google")]
        if self.headers.get("Metadata-Flavor") != "Google":
            return self.send(403, "text/plain", b"the header Metadata-Flavor is missing", flavor)
        if path.endswith("/token"):
            return self.give_token()
        known = {
            "/": "computeMetadata/",
            "/computeMetadata/v1/project/project-id": "demo",
            "/computeMetadata/v1/universe/universe-domain": "googleapis.com",
            "/computeMetadata/v1/instance/service-accounts/default/": ACCOUNT,
        }
        text = known.get(path)
        kind = "application/json" if text is ACCOUNT else "application/text"
        return self.send(404 if text is None else 200, kind, (text or "").encode(), flavor)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    for option in ("--token", "--deny", "--traffic", "--cert", "--key"):
        parser.add_argument(option)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.service, server.token = Service(options.deny), options.token
    server.traffic, server.noting = options.traffic, threading.Lock()
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        # The handshake belongs to the request's own thread: a client that says nothing stops no other.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print("listening on %s:%s" % server.server_address[:2], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
