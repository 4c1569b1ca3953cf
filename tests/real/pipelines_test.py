#!/usr/bin/env python3
"""Runs the hooks of pre-commit, the GitHub Action and the scripts of the example pipelines, as their systems would.

    AIKEYS_LSP_BIN=target/debug/aikeys-lsp ~/.cache/aikeys-lsp-tests/pipelines/bin/python tests/real/pipelines_test.py

pre-commit is the real one. The systems of the others are on no machine but their own: what is run is the text that
stands in their files, with the variables that they set.
"""

import hashlib
import json
import pathlib
import re
import sys
import tarfile
import tempfile
import tomllib
import traceback
import xml.etree.ElementTree

import yaml
from common import REPOSITORY, server
from place import BIN, Place, executable

ACTION = REPOSITORY / ".github/action"
CI = REPOSITORY / ".github/examples/ci"


# --- pre-commit ---------------------------------------------------------------------------------------------------


def pre_commit(place):
    hooks = place.root / "hooks"
    hooks.mkdir()
    (hooks / ".pre-commit-hooks.yaml").write_bytes((REPOSITORY / ".pre-commit-hooks.yaml").read_bytes())
    # What a user gets is a commit: the file as it is now, in one.
    for arguments in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "hooks"]):
        place.run("git", "-C", str(hooks), *arguments)
    revision = place.run("git", "-C", str(hooks), "rev-parse", "HEAD").strip()
    place.run(str(BIN / "pre-commit"), "validate-manifest", str(hooks / ".pre-commit-hooks.yaml"))
    hook = {"repo": str(hooks), "rev": revision, "hooks": [{"id": "aikeys-system"}]}
    place.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [hook]}))
    place.write("aikeys.toml", 'exclude = ["vendor/"]\n')
    place.run("pre-commit", "install")
    head = place.commit()

    # A key in the index blocks the commit, wherever it stands; what is not staged does not.
    names = ["app.py", "a name with blanks ünïcödé.py", "--exit-zero", "-q.py", "under/way/it's.ts"]
    for name in names:
        place.write_key(name)
        place.git("add", "--", name)
        shown = place.git("commit", "-m", "a key", code=1)
        assert "error[hardcoded-ai-key]" in shown and name in shown, shown
        assert place.git("rev-parse", "HEAD").strip() == head
        place.git("rm", "-q", "--cached", "--", name)
    place.write("new.py", "print(2)\n")
    place.git("add", "new.py")
    assert "Passed" in place.git("commit", "-m", "clean")

    # Excluded paths stay excluded although they are named.
    place.write_key("vendor/copy.py")
    place.git("add", "vendor")
    assert "Passed" in place.git("commit", "-m", "excluded")

    # More files than one command line takes, and the one with a key is found.
    for number in range(3000):
        place.write(f"many/{'long' * 20}/{number}.py", f"print({number})\n")
    place.git("add", "many")
    assert "Passed" in place.git("commit", "-m", "many")
    place.write_key(f"many/{'long' * 20}/1234.py")
    place.git("add", "many")
    assert "1234.py" in place.git("commit", "-m", "many", code=1)
    place.git("restore", "--staged", "--worktree", "many")

    shown = place.run("pre-commit", "run", "--all-files", code=1)
    assert "old.py" in shown and "vendor" not in shown, shown
    # Own arguments take the place of ours.
    hook["hooks"] = [{"id": "aikeys-system", "args": ["--exit-zero", "--"]}]
    place.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [hook]}))
    assert "Passed" in place.run("pre-commit", "run", "--all-files")


# --- the files themselves -----------------------------------------------------------------------------------------


def files_fit_their_schemas(place):
    files = {
        "github-actions": [ACTION / "action.yml"],
        "github-workflows": sorted((REPOSITORY / ".github").glob("workflows/*.yml"))
        + [CI / "github.yml", REPOSITORY / ".github/examples/organisation/workflow.yml"],
        "gitlab-ci --data-transform gitlab-ci": [CI / "gitlab.yml"],
        "circle-ci": [CI / "circleci.yml"],
        # Patterns of Azure's schema are no patterns of Unicode.
        "azure-pipelines --data-transform azure-pipelines --regex-variant nonunicode": [CI / "azure.yml"],
    }
    for schema, paths in files.items():
        command = ["check-jsonschema", *f"--builtin-schema vendor.{schema}".split()]
        place.run(*command, *map(str, paths))
        wrong = place.root / "temp/wrong.yml"
        wrong.write_text("nonsense: [1]\njobs: 1\n")
        place.run(*command, str(wrong), code=1)
    for step in action()["runs"]["steps"]:
        assert not "${{" in step.get("run", ""), f"an input is a part of a script: {step['name']}"
    version = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["package"]["version"]
    assert action()["inputs"]["version"]["default"] == version, f"action.yml: the version is {version}"
    for path in (path for path in (REPOSITORY / ".github/examples").rglob("*") if path.is_file()):
        named = re.findall(r"""aikeys-lsp==(\d[\d.]*)|AIKEYS_VERSION: "?(\d[\d.]*)|rev: v(\S+)|0 # v(\S+)""", path.read_text())
        assert {version} >= {"".join(it) for it in named}, f"{path}: another version than {version}: {named}"
    blocks = (CI / "README.md").read_text().split("## pre-commit")[1].split("## ")[0].split("```yaml\n")[1:]
    for block in blocks:
        place.write(".pre-commit-config.yaml", block.split("```")[0])
        place.run("pre-commit", "validate-config")


def action():
    return yaml.safe_load((ACTION / "action.yml").read_text())


# --- the GitHub Action --------------------------------------------------------------------------------------------


class Runner:
    """What a runner of GitHub gives a step, and what the step left there."""

    def __init__(self, place):
        self.place = place
        self.number = 0
        self.variables = {}

    def step(self, name, code=0, **variables):
        """Runs a step of action.yml with the inputs' defaults, and returns what it said and its outputs."""
        self.number += 1
        files = {key: self.place.root / f"temp/{self.number}-{key}" for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.touch()
        step = next(it for it in action()["runs"]["steps"] if it.get("id") == name)
        given = {key: self.value(text) for key, text in step["env"].items()} | self.variables | variables
        given |= {key: str(path) for key, path in files.items()}
        given |= {"GITHUB_ACTION_PATH": str(ACTION), "RUNNER_TEMP": str(self.place.root / "temp")}
        shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
        shown = self.place.run(*shell, code=code, **given)
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text()
        self.place.no_key(self.summary, "the summary")
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        return shown, dict(line.split("=", 1) for line in lines)

    @staticmethod
    def value(text):
        """The default of an input; other expressions are empty."""
        name = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)
        return action()["inputs"][name[1]]["default"] if name else ""


def check_step(place):
    runner = Runner(place)
    _, found = runner.step("install", AIKEYS_VERSION="path")
    assert pathlib.Path(found["program"]).resolve() == server(), found
    runner.variables = {"AIKEYS_PROGRAM": found["program"], "GITHUB_EVENT_NAME": "push"}

    # A push: everything.
    shown, outputs = runner.step("check", code=1)
    assert "::error file=old.py,line=1," in shown and "clean.py" not in shown, shown
    assert (outputs["exit-code"], outputs["findings"], outputs["errors"]) == ("1", "1", "1"), outputs
    sarif = json.loads(pathlib.Path(outputs["sarif-file"]).read_text())
    assert len(sarif["runs"][0]["results"]) == 1
    assert "old.py" in runner.summary, runner.summary
    runner.step("check", code=1, AIKEYS_SUMMARY="false")
    assert runner.summary == ""
    _, outputs = runner.step("check", AIKEYS_FAIL_ON="off")
    assert (outputs["exit-code"], outputs["findings"]) == ("0", "1"), outputs
    _, outputs = runner.step("check", AIKEYS_PATHS="clean.py\r\n\n")
    assert (outputs["exit-code"], outputs["findings"], outputs["errors"]) == ("0", "0", "0"), outputs
    _, outputs = runner.step("check", code=2, AIKEYS_PATHS="clean.py\nnowhere.py")
    assert outputs["exit-code"] == "2", outputs
    place.run("aikeys-lsp", "--check", "--write-baseline", str(place.root / "temp/known.json"))
    runner.step("check", AIKEYS_BASELINE=str(place.root / "temp/known.json"))

    # A pull request: the merge is checked out, with its first parent only.
    place.git("checkout", "-q", "-b", "topic")
    place.write_key("new.py")
    topic = place.commit()
    place.git("checkout", "-q", "main")
    place.write_key("other.py")
    main = place.commit()
    place.git("merge", "-q", "--no-ff", "-m", "the merge", topic)
    merge = place.git("rev-parse", "HEAD").strip()
    request = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge", "AIKEYS_BASE": place.base}
    whole = place.work
    for depth in (2, 1):
        place.work = place.root / f"depth-{depth}"
        place.work.mkdir()
        place.git("clone", "-q", f"--depth={depth}", f"file://{whole}", ".")
        if depth == 2:
            shown, outputs = runner.step("check", code=1, GITHUB_SHA=merge, **request)
            assert "file=new.py" in shown and outputs["findings"] == "1", shown
        else:
            shown, outputs = runner.step("check", code=2, GITHUB_SHA=merge, **request)
            assert "fetch-depth 2" in shown and outputs == {"exit-code": "2"}, (shown, outputs)
    place.work = whole
    # The head is checked out: the base that the event names.
    place.git("checkout", "-q", topic)
    shown, outputs = runner.step("check", code=1, GITHUB_SHA=merge, **request)
    assert "file=new.py" in shown and "old.py" not in shown, shown
    # As `pull_request_target` does it: nothing of the request is there.
    place.git("checkout", "-q", main)
    shown, _ = runner.step("check", code=2, **request | {"AIKEYS_BASE": main, "GITHUB_EVENT_NAME": "pull_request_target"})
    assert "nothing of it would be checked" in shown, shown
    runner.step("check", code=1, AIKEYS_SINCE=place.base)
    shown, _ = runner.step("check", code=1, AIKEYS_SINCE="none", **request)
    assert "old.py" in shown, shown


def hostile_inputs_are_only_text(place):
    runner = Runner(place)
    runner.variables = {"AIKEYS_PROGRAM": str(server()), "GITHUB_EVENT_NAME": "push"}
    mark = place.root / "mark"
    texts = [
        f"; touch {mark}",
        f"$(touch {mark})",
        f"`touch {mark}`",
        f"' ; touch {mark} ; '",
        f'" ; touch {mark} ; "',
        "--exit-zero",
        "--fix\n--yes",
        "-q",
        f"x\n::error::hostile\ntouch {mark}",
        "x\nexit-code=0",
        "*",
    ]
    before = (place.work / "old.py").read_text()
    for text in texts:
        for name in ("AIKEYS_PATHS", "AIKEYS_SINCE", "AIKEYS_BASELINE", "AIKEYS_FAIL_ON"):
            shown, outputs = runner.step("check", code=2, **{name: text})
            assert outputs["exit-code"] == "2", (name, text, outputs)
            assert not re.search("^::error::hostile", shown, re.M), (name, text, shown)
        shown, _ = runner.step("install", code=2, AIKEYS_VERSION=text, AIKEYS_REPOSITORY="owner/name")
        assert "the input version has to be" in shown, shown
    for version in ("", "latest", "1.2", "1.2.3-rc1", "1.2.3/../..", "1.2.3\nx"):
        runner.step("install", code=2, AIKEYS_VERSION=version, AIKEYS_REPOSITORY="owner/name")
    for repository in ("", "name", "owner/name/..", "owner/name?x", "a b/c"):
        runner.step("install", code=2, AIKEYS_VERSION="1.2.3", AIKEYS_REPOSITORY=repository)
    assert not mark.exists(), "an input was run"
    assert (place.work / "old.py").read_text() == before


def install_step(place):
    """A release is fetched by a stand-in of curl: what is tested is what is done with it."""
    runner = Runner(place)
    release = place.root / "release"
    release.mkdir()
    name = "aikeys-lsp-v1.2.3-x86_64-unknown-linux-musl"
    program = place.root / "temp/program"
    executable(program, "#!/bin/sh\necho aikeys-lsp 1.2.3\n")
    archive = release / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(program, f"{name}/aikeys-lsp")
    checksum = release / f"{name}.tar.gz.sha256"
    right = f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
    checksum.write_text(right)
    tools = place.root / "tools"
    tools.mkdir()
    executable(
        tools / "curl",
        f'#!/bin/bash\nprintf "%s\\n" "$*" >>{place.root}/asked\n'
        f'while (($# > 1)); do [[ $1 != --output ]] || out=$2; shift; done\ncp "{release}/${{1##*/}}" "$out"\n',
    )
    executable(tools / "gh", f'#!/bin/bash\nprintf "%s\\n" "gh $*" >>{place.root}/asked\n[[ ! -e {place.root}/forged ]]\n')
    runner.variables = {
        "PATH": f"{tools}:/usr/bin:/bin",
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "AIKEYS_VERSION": "1.2.3",
        "AIKEYS_REPOSITORY": "owner/name",
    }
    _, outputs = runner.step("install")
    assert place.run(outputs["program"]) == "aikeys-lsp 1.2.3\n"
    asked = (place.root / "asked").read_text()
    assert f"https://github.com/owner/name/releases/download/v1.2.3/{archive.name}\n" in asked, asked
    assert "gh attestation verify" in asked and "--signer-workflow owner/name/.github/workflows/release.yml" in asked
    for wrong in ("0" * 64 + f"  {archive.name}\n", "", right[:60], "not found\n"):
        checksum.write_text(wrong)
        shown, outputs = runner.step("install", code=2)
        assert "checksum" in shown and not outputs, (shown, outputs)
    checksum.write_text(right)
    (place.root / "forged").touch()
    shown, outputs = runner.step("install", code=2)
    assert "no attestation" in shown and not outputs, (shown, outputs)
    runner.step("install", AIKEYS_VERIFY_ATTESTATION="false", AIKEYS_VERSION="v1.2.3")
    (tools / "gh").unlink()
    shown, _ = runner.step("install", code=2)
    assert "there is no gh here" in shown, shown
    archive.unlink()
    shown, _ = runner.step("install", code=2)
    assert "could not be fetched" in shown, shown
    shown, _ = runner.step("install", code=2, RUNNER_ARCH="S390X")
    assert "version path" in shown, shown


# --- the other pipelines ------------------------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """YAML with the references of GitLab."""


Loader.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))


def load(name):
    return yaml.load((CI / name).read_text(), Loader)


def changes(place):
    """A branch with a new key; main goes on, and is what `origin/main` names."""
    place.git("checkout", "-q", "-b", "topic")
    place.write_key("new.py")
    place.commit()
    place.git("update-ref", "refs/remotes/origin/main", "main")


def gitlab(place):
    pipeline = load("gitlab.yml")
    common = pipeline[".aikeys"]

    def run(job, code, **variables):
        given = common["variables"] | pipeline[job]["variables"] | {"CI_PROJECT_DIR": str(place.work)} | variables
        place.run("sh", "-e", "-c", "\n".join(common["script"]), code=code, **given)
        (report,) = pipeline[job]["artifacts"]["reports"].values()
        text = (place.work / report).read_text()
        (place.work / report).unlink()
        place.no_key(text, report)
        return json.loads(text)

    changes(place)
    paths = lambda report: [it["location"]["path"] for it in report]
    files = lambda report: [it["location"]["file"] for it in report["vulnerabilities"]]
    merge_request = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": place.base}
    assert paths(run("aikeys", 1)) == ["new.py", "old.py"]
    assert paths(run("aikeys", 1, **merge_request)) == ["new.py"]
    assert files(run("aikeys-secret-detection", 1)) == ["new.py", "old.py"]
    assert files(run("aikeys-secret-detection", 1, **merge_request)) == ["new.py"]
    place.run("aikeys-lsp", "--check", "--write-baseline", "known.json")
    assert run("aikeys", 0, AIKEYS_BASELINE="known.json") == []


def junit_of(place, path):
    text = path.read_text()
    place.no_key(text, path)
    path.unlink()
    failures = xml.etree.ElementTree.fromstring(text).iter("failure")
    return sum(1 for _ in failures)


def circleci(place):
    steps = load("circleci.yml")["jobs"]["aikeys"]["steps"]
    script = next(step["run"]["command"] for step in steps if "run" in step and step["run"]["name"] == "aikeys")
    changes(place)
    for branch, number in (("main", 2), ("topic", 1)):
        place.run("bash", "-eo", "pipefail", "-c", script, code=1, CIRCLE_BRANCH=branch, MAIN_BRANCH="main")
        assert junit_of(place, place.work / "reports/aikeys/junit.xml") == number, branch


def azure(place):
    script = next(step["bash"] for step in load("azure.yml")["steps"] if step.get("displayName") == "aikeys")
    changes(place)
    temp = place.root / "temp"
    for target, number in (({}, 2), ({"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}, 1)):
        place.run("bash", "-c", script, code=1, AGENT_TEMPDIRECTORY=str(temp), **target)
        assert junit_of(place, temp / "aikeys-junit.xml") == number, target
        assert len(json.loads((temp / "aikeys.sarif").read_text())["runs"][0]["results"]) == number


SCENARIOS = [
    pre_commit,
    files_fit_their_schemas,
    check_step,
    hostile_inputs_are_only_text,
    install_step,
    gitlab,
    circleci,
    azure,
]


def main():
    failed = []
    for scenario in [it for it in SCENARIOS if not sys.argv[1:] or it.__name__ in sys.argv[1:]]:
        try:
            with tempfile.TemporaryDirectory() as folder:
                scenario(Place(folder))
        except Exception:
            traceback.print_exc()
            failed.append(scenario.__name__)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
