"""A git repository to run hooks and pipelines in, with a look for keys at all that is printed."""

import pathlib
import stat
import subprocess
import sys

from common import leaks, openai_key, server

BIN = pathlib.Path(sys.executable).parent


class Place:
    """A git repository with a home of its own. Its first commit, on main, holds an old key and a clean file."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        self.work = self.root / "work"
        self.keys = [openai_key()]
        for name in ("home", "work", "temp"):
            (self.root / name).mkdir()
        (self.root / "home/.gitconfig").write_text("[user]\n name = a test\n email = a@test.invalid\n")
        self.git("init", "-q", "-b", "main")
        self.write("old.py", f'key = "{self.keys[0]}"\n')
        self.write("clean.py", "print(1)\n")
        self.base = self.commit()

    def environment(self, **more):
        path = f"{server().parent}:{BIN}:/usr/local/bin:/usr/bin:/bin"
        home = {"PATH": path, "HOME": str(self.root / "home"), "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}
        return home | more

    def run(self, *command, code=0, **more):
        """What it prints, after a look at its exit code and for keys."""
        done = subprocess.run(command, cwd=self.work, env=self.environment(**more), capture_output=True, text=True)
        shown = done.stdout + done.stderr
        self.no_key(shown, command)
        assert done.returncode == code, f"{command}: exit {done.returncode} and not {code}:\n{shown}"
        return shown

    def git(self, *arguments, code=0):
        return self.run("git", *arguments, code=code)

    def write(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write_key(self, name):
        self.keys.append(openai_key())
        self.write(name, f'key = "{self.keys[-1]}"\n')

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "-q", "--no-verify", "-m", "a step")
        return self.git("rev-parse", "HEAD").strip()

    def no_key(self, text, where):
        assert not any(leaks(text, key) for key in self.keys), f"a key is shown by {where}"


def executable(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
