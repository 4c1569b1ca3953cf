#!/usr/bin/env python3
"""Runs .github/examples/organisation/scan.py on a real Spark, in local mode, over repositories made here.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp ~/.cache/aikeys-lsp-tests/spark/bin/python tests/real/spark_test.py
"""

import contextlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from common import REPOSITORY, anthropic_key, leaks, openai_key, server

FOLDER = REPOSITORY / ".github/examples/organisation"
NUMBER = 56
BATCH = 20
FIELDS = ("fingerprint", "number", "repositories")

# The compiler that starts fast, one thread for its memory, no page to look at: seconds count here.
SPARK = (
    "--master local[2] --conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false"
    " --conf spark.sql.shuffle.partitions=2 --conf spark.sql.codegen.wholeStage=false"
    " --driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell"
)


class Organisation:
    """Repositories in one folder: some share a key, some have one of their own, some are broken."""

    def __init__(self, root):
        self.root = root
        self.listed = root / "repositories.txt"
        self.results = root / "results"
        self.mark = root / "mark"
        self.keys = {"two": openai_key(), "three": anthropic_key(), "one": openai_key()}
        holders = {3: ["three"], 17: ["three", "two"], 31: ["three"], 44: ["two"], 5: ["one"]}
        home = root / "home"
        home.mkdir()
        # What a user's own settings start at a clone: nothing of it may run.
        hook = root / "template/hooks/post-checkout"
        hook.parent.mkdir(parents=True)
        self.program(hook, f"touch {self.mark}")
        self.program(root / "start", f"touch {self.mark}; cat")
        (home / ".gitconfig").write_text(
            "[user]\n name = a test\n email = a@test.invalid\n"
            f"[init]\n templateDir = {root}/template\n[core]\n hooksPath = {hook.parent}\n fsmonitor = {root}/start\n"
            f'[filter "lfs"]\n smudge = {root}/start\n required = true\n'
        )
        self.quiet = os.environ | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
        self.places = [root / f"repository-{number:02}" for number in range(NUMBER)]
        for number, place in enumerate(self.places):
            place.mkdir()
            text = "".join(f'{name} = "{self.keys[name]}"\n' for name in holders.get(number, []))
            # A finding without a key: its fingerprint is one of the place, and the same in all.
            call = 'import os\nfrom openai import OpenAI\n\nclient = OpenAI(api_key=os.environ.get("OPENAI_API_KEY", ""))\n'
            (place / "app.py").write_text(call + text)
            (place / ".gitattributes").write_text("*.bin filter=lfs\n")
            (place / "some.bin").write_text("text\n")
            self.git(place, "init", "-q", "-b", "main")
            self.commit(place)
        self.broken = [root / name for name in ("no-folder", "no-repository", "no-commit", "no-object")]
        for place in self.broken[1:]:
            place.mkdir()
        self.git(self.broken[2], "init", "-q")
        self.git(self.broken[3], "init", "-q", "-b", "main")
        (self.broken[3] / ".git/refs/heads/main").write_text("nonsense\n")
        everything = self.places + self.broken
        self.listed.write_text("# a list\n\n" + "".join(f"{place}\n" for place in everything))

    @staticmethod
    def program(path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def git(self, place, *arguments):
        # Without the settings above: they are for what is under test.
        own = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "init.templateDir="]
        own += ["-c", "filter.lfs.required=false", "-c", "filter.lfs.smudge=", "-c", "gc.auto=0"]
        subprocess.run(["git", *own, "-C", str(place), *arguments], env=self.quiet, check=True)

    def commit(self, place):
        self.git(place, "add", "--all")
        self.git(place, "commit", "-q", "-m", "a step")

    def no_key(self, text):
        assert not any(leaks(text, key) for key in self.keys.values()), "a key is shown"


def scan(organisation, *arguments, code=0, **more):
    """scan.py as a program of its own: what it prints."""
    command = [sys.executable, str(FOLDER / "scan.py"), *map(str, arguments)]
    done = subprocess.run(command, env=organisation.quiet | more, capture_output=True, text=True)
    organisation.no_key(done.stdout + done.stderr)
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stderr}"
    return done.stdout + done.stderr


def shard(organisation, listed, *arguments, **more):
    """The rows of `scan.py shard`."""
    organisation.root.joinpath("shard.txt").write_text("".join(f"{it}\n" for it in listed))
    out = organisation.root / "shard.jsonl"
    # As a path from here: each check is started in another folder.
    program = os.path.relpath(server())
    scan(organisation, "shard", organisation.root / "shard.txt", out, "--program", program, *arguments, **more)
    organisation.no_key(out.read_text())
    return [json.loads(line) for line in out.read_text().splitlines()]


def clones_start_nothing(organisation):
    # ssh is played: the address leads to a folder of this machine.
    tools = organisation.root / "tools"
    tools.mkdir()
    organisation.program(tools / "ssh", 'for last; do :; done; exec sh -c "$last"')
    path = f"{tools}:{os.environ['PATH']}"
    place = organisation.places[3]
    # A link out of the clone, and settings that only a work tree has.
    (place / "link.py").symlink_to("/etc/passwd")
    organisation.commit(place)
    temp = organisation.root / "temp"
    temp.mkdir()
    addresses = [f"ssh://machine{place}", f"ssh://machine{organisation.root}/nowhere"]
    found, missing = shard(organisation, addresses, PATH=path, TMPDIR=str(temp))
    assert (found["status"], found["found"]) == ("ok", 2), found
    assert [it["path"] for it in found["findings"]] == ["app.py", "app.py"], found
    local = shard(organisation, [place])[0]
    fields = ("fingerprint", "rule", "line", "redacted")
    shown = [[[it[field] for field in fields] for it in row["findings"] if not it["weak"]] for row in (found, local)]
    assert shown[0] == shown[1] and shown[0], shown
    assert found["commit"] == local["commit"], "the commits of the clone and of what was cloned"
    assert missing["status"] == "failed" and missing["error"].startswith("git: "), missing
    assert not any(temp.iterdir()), "a clone was left over"
    assert not organisation.mark.exists(), "a hook, a filter or a monitor was started"
    password = "https://user:" + "secret@host/x"
    for line in (password, "http://host/x", "ext::sh -c id", "--upload-pack=x", "file:///etc", "relative", "https://-x"):
        organisation.root.joinpath("wrong.txt").write_text(f"\n{line}\n")
        shown = scan(organisation, "shard", organisation.root / "wrong.txt", "/dev/null", "--program", server(), code=1)
        assert "wrong.txt:2: " in shown and "secret@" not in shown, shown


def time_limit(organisation):
    slow = organisation.root / "slow"
    pids = organisation.root / "pids"
    text = f'[ "$1" = --version ] && exec {server()} --version\nsleep 300 & echo $! $$ >{pids}\nwait'
    organisation.program(slow, text)
    organisation.root.joinpath("shard.txt").write_text(f"{organisation.places[0]}\n")
    out = organisation.root / "shard.jsonl"
    start = time.monotonic()
    arguments = ["shard", organisation.root / "shard.txt", out, "--program", slow, "--timeout", "3"]
    scan(organisation, *arguments)
    assert time.monotonic() - start < 60
    row = json.loads(out.read_text())
    assert (row["status"], row["error"]) == ("failed", "slow took too long"), row
    for pid in pids.read_text().split():
        with contextlib.suppress(FileNotFoundError):
            state = pathlib.Path(f"/proc/{pid}/stat").read_text()
            assert ") Z " in state, f"it still runs: {state}"


def killed_job(organisation):
    """Starts a job, and kills all of it once a batch is written."""
    command = [sys.executable, str(FOLDER / "scan.py"), "check", str(organisation.listed), str(organisation.results)]
    command += ["--batch", str(BATCH), "--program", str(server())]
    log = organisation.root / "killed.log"
    with log.open("w") as errors:
        job = subprocess.Popen(command, env=organisation.quiet, stderr=errors, start_new_session=True)
        try:
            end = time.monotonic() + 240
            while f"{BATCH} of " not in log.read_text():
                assert job.poll() is None and time.monotonic() < end, f"no batch was written:\n{log.read_text()}"
                time.sleep(0.02)
        finally:
            os.killpg(job.pid, signal.SIGKILL)
            job.wait()
    organisation.no_key(log.read_text())


def called(program, *arguments):
    """A command of scan.py in this process, so that one Spark does for all of them."""
    sys.argv = ["scan.py", *map(str, arguments)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        program.main()
    return out.getvalue()


def resumed_job(organisation):
    sys.path.insert(0, str(FOLDER))
    sys.dont_write_bytecode = True
    os.environ["PYTHONPATH"] = str(FOLDER)
    import scan as program

    spark = program.session()
    spark.sparkContext.setLogLevel("OFF")

    def rows():
        return [row.asDict(recursive=True) for row in program.read(spark, str(organisation.results)).collect()]

    def check():
        called(program, "check", organisation.listed, organisation.results, "--batch", 100, "--program", server())

    before = rows()
    assert BATCH <= len(before) < NUMBER, f"{len(before)} rows after the kill"
    check()
    after = rows()
    assert all(row in after for row in before), "a row of the killed job was lost or changed"
    good = [row for row in after if row["status"] == "ok"]
    assert sorted(row["repository"] for row in good) == list(map(str, organisation.places)), "each one once"
    assert all(row["commit"] and len(row["commit"]) == 40 for row in good)
    bad = {row["repository"]: row["error"] for row in after if row["status"] == "failed"}
    assert sorted(bad) == sorted(map(str, organisation.broken)) and all(bad.values()), bad

    # Only what has another commit is checked again.
    (organisation.places[9] / "new.py").write_text(f'key = "{organisation.keys["two"]}"\n')
    organisation.commit(organisation.places[9])
    check()
    again = [row for row in rows() if row not in after and row["status"] == "ok"]
    assert [row["repository"] for row in again] == [str(organisation.places[9])], again

    shared = [json.loads(line) for line in called(program, "shared", organisation.results).splitlines()]
    names = [[pathlib.Path(it).name for it in key["repositories"]] for key in shared]
    three = ["repository-03", "repository-17", "repository-31"]
    two = ["repository-09", "repository-17", "repository-44"]
    assert sorted(names) == sorted([three, two]), names
    assert {key["provider"] for key in shared} == {"openai", "anthropic"}, shared
    page = (FOLDER / "README.md").read_text()
    asked = spark.sql(page.split("```sql\n")[1].split("```")[0]).toLocalIterator()
    assert [row.asDict() for row in asked] == [{key: it[key] for key in FIELDS} for it in shared], "the page asks something else"
    assert f"pyspark=={spark.version} " in page, f"the page names another Spark than {spark.version}"
    weak = [finding for row in rows() for finding in row["findings"] if finding["weak"]]
    assert len(weak) > NUMBER, "what stands in all is found in all"
    organisation.no_key(json.dumps(rows(), default=str))

    # Without Spark it is the same.
    shard(organisation, [organisation.places[number] for number in (3, 5, 9, 17, 31, 44, 50)])
    joined = [json.loads(line) for line in scan(organisation, "join", organisation.root / "shard.jsonl").splitlines()]
    assert sorted(joined, key=str) == sorted(shared, key=str), (joined, shared)
    spark.stop()


def main():
    os.environ |= {"PYSPARK_SUBMIT_ARGS": SPARK, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        organisation = Organisation(pathlib.Path(folder))
        for part in (clones_start_nothing, time_limit, killed_job, resumed_job):
            start = time.monotonic()
            part(organisation)
            print(f"{part.__name__}: {time.monotonic() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
