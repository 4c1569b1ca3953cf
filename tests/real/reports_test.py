"""Reports against the schemas of those who read them, and `--verify` through a proxy with TLS.

The schemas come with packages (`install.sh schemas`): SARIF's own with the crate serde-sarif, Jenkins' of JUnit with the
source of pytest. GitLab's lie in no registry: `secret_report` below holds what version 15.0.1 of
secret-detection-report-format.json requires, `code_quality` what GitLab's page on code quality reports lists.
"""

import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path

import jsonschema
from lxml import etree

import common

SCHEMAS = common.CACHE / "schemas"
BINARY = common.server()


def run(folder, *args, **env):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | env
    done = subprocess.run([BINARY, "--check", *args], cwd=folder, env=environment, capture_output=True, text=True)
    return done


def code_quality(report):
    names = [(it["location"]["path"], it["fingerprint"]) for it in report]
    assert len(set(names)) == len(names), "GitLab keeps only the first of equal fingerprints"
    for it in report:
        assert it["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert it["check_name"] in it["description"], "GitLab does not show the name"
        path = it["location"]["path"]
        assert not path.startswith(("/", "./", "..")) and it["location"]["lines"]["begin"] >= 1, path


def secret_report(report):
    assert re.fullmatch(r"\d+\.\d+\.\d+", report["version"])
    scan = report["scan"]
    assert scan["type"] == "secret_detection" and scan["status"] in ("success", "failure")
    for at in ("start_time", "end_time"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", scan[at]), scan[at]
    for tool in (scan["analyzer"], scan["scanner"]):
        assert all(tool[name] for name in ("id", "name", "version")) and tool["vendor"]["name"]
    for message in scan["messages"]:
        assert message["level"] in ("info", "warn", "fatal") and message["value"]
    ids = [it["id"] for it in report["vulnerabilities"]]
    assert len(set(ids)) == len(ids) and all(ids)
    for it in report["vulnerabilities"]:
        assert len(it["name"]) <= 255 and len(it.get("solution", "")) <= 7000
        assert it["severity"] in ("Info", "Unknown", "Low", "Medium", "High", "Critical")
        assert it["identifiers"], "the first one is what GitLab knows a finding by"
        for identifier in it["identifiers"]:
            assert all(identifier[name] for name in ("type", "name", "value"))
            assert re.match("https?://.+", identifier.get("url", "https://a"))
        assert it["location"]["commit"]["sha"] and isinstance(it["location"]["start_line"], int)
        assert "raw_source_code_extract" not in it


def schemas(folder):
    keys = [common.openai_key() for _ in range(3)]
    (folder / "src").mkdir()
    (folder / "src/a b.py").write_text(f"# é 🔑\nA = '{keys[0]}'; B = '{keys[0]}'\n" + f"# was {keys[1]}\n")
    (folder / ".env").write_text(f"OPENAI_API_KEY={keys[2]}\n")
    (folder / "bad\n\x01<&>.py").write_text(f"A = '{keys[1]}'\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-f", "."], cwd=folder, check=True)
    formats = ["sarif", "junit", "gitlab", "gitlab-secrets"]
    (folder / "clean").mkdir()
    for paths in ([], ["missing.py"], ["clean"]):
        done = run(folder, *[f"--output={it}=out.{it}" for it in formats], "-q", *paths)
        assert done.returncode == {"missing.py": 2, "clean": 0}.get("".join(paths), 1), done.stderr
        texts = {it: (folder / f"out.{it}").read_text() for it in formats}
        for name, text in texts.items():
            assert not any(common.leaks(text, key) for key in keys), name
        jsonschema.validate(json.loads(texts["sarif"]), json.loads((SCHEMAS / "sarif.json").read_text()))
        etree.XMLSchema(etree.parse(str(SCHEMAS / "junit.xsd"))).assertValid(etree.fromstring(texts["junit"].encode()))
        code_quality(json.loads(texts["gitlab"]))
        secret_report(json.loads(texts["gitlab-secrets"]))
        cases = len(etree.fromstring(texts["junit"].encode()).findall(".//testcase"))
        assert cases >= 1, "CI takes a report without tests for a mistake"
        for name in formats:
            (folder / f"out.{name}").unlink()


class Proxy:
    """Takes CONNECT, and answers for every host over TLS with a certificate of its own authority."""

    def __init__(self, folder, answers):
        self.authority, self.asked, self.answers = folder / "ca.pem", [], answers
        openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        ca = openssl + ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=A test"]
        names = "subjectAltName=DNS:api.openai.com,DNS:api.groq.com"
        leaf = openssl + ["-keyout", "leaf.key", "-out", "leaf.pem", "-subj", "/CN=leaf", "-CA", "ca.pem", "-CAkey", "ca.key"]
        leaf += ["-addext", names, "-addext", "basicConstraints=critical,CA:false", "-addext", "extendedKeyUsage=serverAuth"]
        for command in (ca, leaf):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            plain, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(plain,), daemon=True).start()

    def answer(self, plain):
        try:
            target = self.head(plain).split()[1]
            plain.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self.context.wrap_socket(plain, server_side=True) as stream:
                head = self.head(stream)
                self.asked.append((target, head))
                status = self.answers[target]
                stream.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        except OSError:
            pass  # who does not trust the certificate hangs up

    @staticmethod
    def head(stream):
        text = b""
        while not text.endswith(b"\r\n\r\n"):
            piece = stream.recv(1)
            if not piece:
                raise OSError("the end")
            text += piece
        return text.decode()


def verify(folder):
    key, plain = common.openai_key(), str.maketrans("_-", "ab")
    other = "gsk_" + "WGdyb3".join([common.random_text(20).translate(plain), "FY" + common.random_text(24).translate(plain)])
    (folder / "a.py").write_text(f"A = '{other}'\nB = '{key}'\nC = '{key}'\n")
    # What a repository says of a provider does not count.
    (folder / "aikeys.toml").write_text(
        '[[provider]]\nid = "own"\nname = "Own"\nenv = "OWN_KEY"\n'
        '[provider.validate]\nmethod = "GET"\nurl = "https://api.groq.com/own/{key}"\nverified = true\nlive = [200]\n'
    )
    proxy = Proxy(folder, {"api.openai.com:443": 200, "api.groq.com:443": 401})
    env = {"HTTPS_PROXY": proxy.address}
    args = ["--verify", "--format", "json", "a.py"]
    done = run(folder, *args, SSL_CERT_FILE=str(proxy.authority), **env)
    assert done.returncode == 1, done.stderr
    assert "sends 2 keys over TLS" in done.stderr and "api.groq.com (1), api.openai.com (1)" in done.stderr, done.stderr
    findings = [(it["verified"], it["severity"], it["line"]) for it in json.loads(done.stdout)["findings"]]
    assert findings == [("live", "error", 2), ("live", "error", 3), ("dead", "info", 1)], findings
    assert sorted(target for target, _ in proxy.asked) == ["api.groq.com:443", "api.openai.com:443"], "each key once"
    assert all("authorization: Bearer " in head for _, head in proxy.asked)
    for text in (done.stdout, done.stderr):
        assert not common.leaks(text, key) and not common.leaks(text, other)
    proxy.asked.clear()
    done = run(folder, *args, **env)
    reasons = {it["verified_reason"] for it in json.loads(done.stdout)["findings"]}
    assert proxy.asked == [] and all("certificate" in it for it in reasons), (reasons, proxy.asked)
    assert run(folder, "--verify", "-q", "--fail-on", "error", "a.py", SSL_CERT_FILE=str(proxy.authority), **env).returncode == 1
    proxy.answers["api.openai.com:443"] = 401
    done = run(folder, "--verify", "-q", "a.py", SSL_CERT_FILE=str(proxy.authority), **env)
    assert done.returncode == 0, "dead keys do not fail a check"


for test in (schemas, verify):
    with tempfile.TemporaryDirectory() as name:
        test(Path(name).resolve())
print("reports: fine")
