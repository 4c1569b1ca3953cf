#!/usr/bin/env python3
"""Checks many repositories with aikeys-lsp on Spark, and keeps what was found as Parquet.

    scan.py check REPOSITORIES RESULTS [--history] [--batch N] [--partitions N] [--timeout SECONDS]
    scan.py shared RESULTS
    scan.py shard REPOSITORIES FILE --shard 3/20 [--history] [--timeout SECONDS]
    scan.py join FILE…

REPOSITORIES is a file with a clone URL or a local path a line. RESULTS is a folder, or what Spark writes to (s3a://…).
`check` goes on where a killed run stopped: a repository that was checked at the commit that it has now, by the same
version, is left out. `shared` lists the keys that stand in several repositories. `shard` and `join` do the same
without Spark, through JSON lines: `shard` is one machine of a matrix.

git and aikeys-lsp have to be on the PATH of every worker. A key is in no result: `redacted` is its prefix and its
last four characters, and `fingerprint` is the same wherever the same key stands.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

# A row is a repository: it is there whole or not at all, whenever a job is killed.
SCHEMA = """
    repository string, commit string, history boolean, version string, status string, error string,
    found long, seconds double, checked timestamp, day date,
    findings array<struct<rule string, severity string, provider string, fingerprint string, weak boolean,
        redacted string, path string, line long, commit string, date string, in_head boolean>>
"""
FIELDS = ("rule", "severity", "provider", "fingerprint", "weak", "redacted", "path", "line", "commit", "date", "in_head")

# What a row holds of one repository at most; `found` counts all.
MOST = 10_000

SHARED = """
    WITH latest AS (
        SELECT repository, max_by(findings, checked) AS findings
        FROM results WHERE status <> 'failed' GROUP BY repository
    )
    SELECT finding.fingerprint, first(finding.provider) AS provider, first(finding.redacted) AS redacted,
        count(DISTINCT repository) AS number, sort_array(collect_set(repository)) AS repositories
    FROM latest LATERAL VIEW explode(findings) AS finding
    WHERE finding.fingerprint IS NOT NULL AND NOT finding.weak  -- a weak one says nothing of the value
    GROUP BY finding.fingerprint HAVING number > 1 ORDER BY number DESC, finding.fingerprint
"""

# A repository is somebody else's: nothing that it, its host or a setting of git names is started, nothing is asked.
GIT = [
    "git",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.symlinks=false"),
    *("-c", "init.templateDir="),
    *("-c", "submodule.recurse=false"),
    *("-c", "filter.lfs.smudge="),
    *("-c", "filter.lfs.process="),
    *("-c", "filter.lfs.required=false"),
    *("-c", "gc.auto=0"),
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
]
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_ALLOW_PROTOCOL": "https:ssh",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C.UTF-8",
}


class Failed(Exception):
    """Why a repository could not be checked."""


def run(command, seconds, folder=None, output=subprocess.PIPE):
    """Exit code, output and errors; at the end of its time the program goes with all that it started."""
    environment = os.environ | QUIET
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(timeout=max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failed(f"{pathlib.Path(command[0]).name} took too long") from None
    return process.returncode, (out or b"").decode(errors="replace"), errors.decode(errors="replace")


def git(arguments, seconds):
    code, out, errors = run([*GIT, *arguments], seconds)
    if code != 0:
        # What a server says of itself (`remote: …`) is no reason.
        reasons = [line for line in errors.splitlines() if line.startswith(("fatal:", "error:"))]
        raise Failed(f"git: {(reasons or ['it failed'])[-1][:300]}")
    return out


def is_local(repository):
    return repository.startswith("/")


def head(repository, seconds):
    """The commit that the repository has now."""
    if is_local(repository):
        return git(["-C", repository, "rev-parse", "--verify", "HEAD"], seconds).strip()
    commit = git(["ls-remote", "--", repository, "HEAD"], seconds).split("\t")[0].strip()
    if not commit:
        raise Failed("git: there is no commit")
    return commit


def clone(repository, folder, history, seconds):
    depth = ["--no-checkout"] if history else ["--depth=1", "--single-branch"]
    git(["clone", "--quiet", "--no-tags", "--no-recurse-submodules", *depth, "--", repository, folder], seconds)


def findings(folder, program, history, seconds):
    """What aikeys-lsp finds: a list, the number of all, and what could not be checked."""
    # From here: started in another folder, a relative path would name a file of that folder.
    program = os.path.abspath(program) if "/" in program else program
    command = [program, "--check", "--format=jsonl", "--quiet", *(["--history"] if history else []), "."]
    with tempfile.TemporaryFile() as report:
        code, _, errors = run(command, seconds, folder, report)
        if code not in (0, 1, 2):
            raise Failed(f"aikeys-lsp ended with {code}")
        report.seek(0)
        kept, found = [], 0
        for line in report:
            found += 1
            if len(kept) < MOST:
                finding = json.loads(line)
                kept.append({field: finding.get(field) for field in FIELDS})
    if code == 2 and not errors:
        raise Failed("aikeys-lsp could not check all, and does not say why")
    return kept, found, errors.strip()[:300] if code == 2 else None


def check(repository, done, options):
    """The row of a repository, or None when it is done already. A broken repository is a row as well."""
    start, commit, error, kept, found = time.monotonic(), None, None, [], None

    def left():
        return options.timeout - (time.monotonic() - start)

    try:
        commit = head(repository, left())
        if [commit, options.history, options.version] in done:
            return None
        with tempfile.TemporaryDirectory(prefix="aikeys-", ignore_cleanup_errors=True) as folder:
            place = repository
            if not is_local(repository):
                place = os.path.join(folder, "clone")
                clone(repository, place, options.history, left())
                commit = git(["-C", place, "rev-parse", "--verify", "HEAD"], left()).strip()
            kept, found, error = findings(place, options.program, options.history, left())
        status = "partial" if error else "ok"
    except (Failed, OSError, ValueError) as reason:
        status, error = "failed", str(reason)
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "repository": repository,
        "commit": commit,
        "history": options.history,
        "version": options.version,
        "status": status,
        "error": error,
        "found": found,
        "seconds": round(time.monotonic() - start, 3),
        "checked": now,
        "day": now.date(),
        "findings": kept,
    }


def repositories(path):
    """The list, without doubles."""
    listed = {}
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if re.match(r"[a-z+]+://[^/@]*:[^/@]*@", line):
            sys.exit(f"{path}:{number}: there is a password in this address: let a credential helper of git give it")
        if not re.match(r"(https|ssh)://[^-]|[\w.-]+@[\w.-]+:|/", line):
            sys.exit(f"{path}:{number}: this is no https:// or ssh:// address and no absolute path")
        listed[line] = None
    return list(listed)


def version(program):
    code, out, _ = run([program, "--version"], 60)
    if code != 0:
        sys.exit(f"{program} --version ended with {code}")
    return out.split()[1]


# --- Spark --------------------------------------------------------------------------------------------------------


def session():
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.appName("aikeys").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def read(spark, results):
    """The results so far; none at all at the first run."""
    from pyspark.errors import AnalysisException

    try:
        return spark.read.schema(SCHEMA).parquet(results)
    except AnalysisException as error:
        if error.getCondition() != "PATH_NOT_FOUND":
            raise
        return spark.createDataFrame([], SCHEMA)


def check_all(options):
    spark = session()
    options.version = version(options.program)
    done = {}
    rows = read(spark, options.results).where("status <> 'failed'")
    for row in rows.select("repository", "commit", "history", "version").distinct().toLocalIterator():
        done.setdefault(row["repository"], []).append([row["commit"], row["history"], row["version"]])

    def partition(some):
        return (row for repository, known in some if (row := check(repository, known, options)))

    listed = repositories(options.repositories)
    count = options.partitions or spark.sparkContext.defaultParallelism
    # What is written is kept: a job that is killed loses one batch at most.
    for at in range(0, len(listed), options.batch):
        batch = [(repository, done.get(repository, [])) for repository in listed[at : at + options.batch]]
        rows = spark.sparkContext.parallelize(batch, min(count, len(batch))).mapPartitions(partition)
        spark.createDataFrame(rows, SCHEMA).write.mode("append").partitionBy("day").parquet(options.results)
        print(f"{at + len(batch)} of {len(listed)} repositories", file=sys.stderr, flush=True)


def shared(options):
    spark = session()
    read(spark, options.results).createOrReplaceTempView("results")
    for row in spark.sql(SHARED).toLocalIterator():
        print(json.dumps(row.asDict(recursive=True), ensure_ascii=False))


# --- without Spark ------------------------------------------------------------------------------------------------


def shard(options):
    options.version = version(options.program)
    number, of = map(int, options.shard.split("/"))
    with open(options.file, "w") as file:
        for repository in repositories(options.repositories)[number - 1 :: of]:
            row = check(repository, [], options)
            file.write(json.dumps(row, default=str, ensure_ascii=False) + "\n")


def join(options):
    keys = {}
    for path in options.files:
        for row in map(json.loads, pathlib.Path(path).read_text().splitlines()):
            for finding in row["findings"]:
                if finding["fingerprint"] and not finding["weak"]:
                    keys.setdefault(finding["fingerprint"], (finding, set()))[1].add(row["repository"])
    several = [(finding, places) for finding, places in keys.values() if len(places) > 1]
    for finding, places in sorted(several, key=lambda it: (-len(it[1]), it[0]["fingerprint"])):
        shown = {field: finding[field] for field in ("fingerprint", "provider", "redacted")}
        print(json.dumps(shown | {"number": len(places), "repositories": sorted(places)}, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("repositories", metavar="REPOSITORIES")
    both.add_argument("--history", action="store_true", help="all commits, which takes whole clones")
    both.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for one repository")
    both.add_argument("--program", default="aikeys-lsp", help="on each worker")
    command = commands.add_parser("check", parents=[both])
    command.add_argument("results", metavar="RESULTS")
    command.add_argument("--batch", type=int, default=500, metavar="N", help="repositories that are written at once")
    command.add_argument("--partitions", type=int, metavar="N", help="tasks of a batch; the number of cores without it")
    command.set_defaults(do=check_all)
    command = commands.add_parser("shared")
    command.add_argument("results", metavar="RESULTS")
    command.set_defaults(do=shared)
    command = commands.add_parser("shard", parents=[both])
    command.add_argument("file", metavar="FILE")
    command.add_argument("--shard", default="1/1", metavar="N/OF")
    command.set_defaults(do=shard)
    command = commands.add_parser("join")
    command.add_argument("files", metavar="FILE", nargs="+")
    command.set_defaults(do=join)
    options = parser.parse_args()
    do = options.do
    del options.do  # what is left goes to the workers
    do(options)


if __name__ == "__main__":
    main()
