#!/usr/bin/env python3
"""Packs built programs: archives, npm packages, extensions of VS Code, a Homebrew formula.

    pack.py matrix                          the targets, as GitHub Actions takes a matrix
    pack.py check TAG                       fails where a version is not the tag's
    pack.py pages PROGRAM PAGES             man pages and completions, made by the program
    pack.py archives PROGRAMS PAGES OUT     with a file of checksums beside each
    pack.py npm PROGRAMS PAGES OUT          a package a target, and the one that chooses between them
    pack.py vsix PROGRAMS OUT VSCE MODULES  an extension for each target of vsce
    pack.py formula ARCHIVES OUT            from formula.rb, with the checksums of the archives

PROGRAMS holds a folder for each target, called after it. A target that is missing there is an error, unless --some
is given: tests have one program only. The targets stand in targets.toml. The same input gives the same bytes:
times are those of SOURCE_DATE_EPOCH.

Where GITHUB_REPOSITORY says where the project lives, packages name that place; they name none otherwise.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAME = "aikeys-lsp"
LICENSES = ["LICENSE-APACHE", "LICENSE-MIT"]
PACKAGE = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
VERSION = PACKAGE["version"]
TARGETS = tomllib.loads((HERE / "targets.toml").read_text())["target"]
# Where each shell, and Neovim, look below a folder for programs.
SHELLS = {
    "bash": f"share/bash-completion/completions/{NAME}",
    "elvish": f"share/elvish/lib/{NAME}.elv",
    "fish": f"share/fish/vendor_completions.d/{NAME}.fish",
    "powershell": f"share/{NAME}/{NAME}.ps1",
    "zsh": f"share/zsh/site-functions/_{NAME}",
}
NEOVIM = "share/nvim/site/pack/aikeys/start/aikeys"
# A time that a ZIP file can hold, where none is given.
EPOCH = max(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), 315532800)


def fail(text: str):
    sys.exit(f"pack.py: {text}")


def is_windows(target: dict) -> bool:
    return "windows" in target["rust"]


def program_name(target: dict) -> str:
    return NAME + ".exe" if is_windows(target) else NAME


def programs(folder: Path, some: bool) -> list[tuple[dict, Path]]:
    """The targets with their programs, in the order of the list."""
    found = [(target, folder / target["rust"] / program_name(target)) for target in TARGETS]
    missing = [str(path) for _, path in found if not path.is_file()]
    found = [(target, path) for target, path in found if path.is_file()]
    if missing and not some or not found:
        fail(f"not there: {', '.join(missing)}")
    return found


def home() -> str | None:
    """The address of the repository, where it is known."""
    repository = os.environ.get("GITHUB_REPOSITORY")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{repository}" if repository else None


# --- what the workflow asks ------------------------------------------------------------------


def matrix():
    keys = ["rust", "runner", "libc"]
    print(json.dumps({"include": [{key: target.get(key, "") for key in keys} for target in TARGETS]}))


def check(tag: str):
    extension = json.loads((ROOT / "editors/vscode/package.json").read_text())["version"]
    for place, version in [("Cargo.toml", VERSION), ("editors/vscode/package.json", extension)]:
        if tag != f"v{version}":
            fail(f"{place} says {version}, and the tag is {tag}")


def pages(program: Path, out: Path):
    """Man pages and completions. They are the same on every system."""
    completions = out / "completions"
    completions.mkdir(parents=True)
    for shell in SHELLS:
        text = subprocess.run([program, "completions", shell], check=True, capture_output=True).stdout
        (completions / f"{NAME}.{shell}").write_bytes(text)
    subprocess.run([program, "man", out / "man"], check=True)


# --- archives --------------------------------------------------------------------------------


def contents(target: dict, program: Path, texts: Path) -> list[tuple[str, bytes, int]]:
    """What an archive holds: name, bytes and mode. Unpacked into a folder like `~/.local`, all is where it is looked for."""
    files = {f"bin/{program_name(target)}": program}
    files |= {f"share/doc/{NAME}/{name}": ROOT / name for name in ["README.md", *LICENSES]}
    files |= {f"share/man/man1/{path.name}": path for path in sorted((texts / "man").iterdir())}
    files |= {place: texts / "completions" / f"{NAME}.{shell}" for shell, place in SHELLS.items()}
    plugin = ROOT / "editors/nvim"
    files |= {f"{NEOVIM}/{path.relative_to(plugin).as_posix()}": path for path in sorted(plugin.rglob("*")) if path.is_file()}
    found = [(name, path.read_bytes(), 0o755 if path == program else 0o644) for name, path in files.items()]
    found.append((f"{NEOVIM}/doc/tags", help_tags(plugin / "doc"), 0o644))
    return [(f"{NAME}-v{VERSION}-{target['rust']}/{name}", data, mode) for name, data, mode in found]


def help_tags(folder: Path) -> bytes:
    """What `:helptags` writes; a package manager would."""
    pages = sorted(folder.glob("*.txt"))
    tags = {tag: page.name for page in pages for tag in re.findall(r"(?<!\S)\*([^\s*|]+)\*(?!\S)", page.read_text())}
    return "".join(f"{tag}\t{name}\t/*{tag}*\n" for tag, name in sorted(tags.items())).encode()


def tar(out: Path, files: list[tuple[str, bytes, int]]):
    with open(out, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=EPOCH) as packed:
        with tarfile.open(mode="w", fileobj=packed, format=tarfile.USTAR_FORMAT) as archive:
            for name, data, mode in files:
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.mtime = len(data), mode, EPOCH
                archive.addfile(entry, io.BytesIO(data))


def zip_(out: Path, files: list[tuple[str, bytes, int]]):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in files:
            entry = zipfile.ZipInfo(name, time.gmtime(EPOCH)[:6])
            entry.external_attr, entry.compress_type = (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def archive_name(target: dict) -> str:
    return f"{NAME}-v{VERSION}-{target['rust']}" + (".zip" if is_windows(target) else ".tar.gz")


def archives(folder: Path, texts: Path, out: Path, some: bool):
    out.mkdir(parents=True, exist_ok=True)
    for target, program in programs(folder, some):
        path = out / archive_name(target)
        (zip_ if is_windows(target) else tar)(path, contents(target, program, texts))
        # As `sha256sum --check` reads it.
        Path(f"{path}.sha256").write_text(f"{checksum(path)}  {path.name}\n")


# --- npm -------------------------------------------------------------------------------------


def package_json(folder: Path, name: str, description: str, more: dict):
    common = {"name": name, "version": VERSION, "description": description, "license": PACKAGE["license"]}
    if home():
        # npm compares it with where the package was built.
        common["repository"] = {"type": "git", "url": f"git+{home()}.git"}
    (folder / "package.json").write_text(json.dumps(common | more, indent=2) + "\n")
    for licence in LICENSES:
        shutil.copy(ROOT / licence, folder)


def npm_name(target: dict) -> str:
    return f"{NAME}-{target['npm']}"


def platform_package(target: dict, program: Path, folder: Path):
    system, cpu, *libc = target["npm"].split("-")
    more = {"os": [system], "cpu": [cpu], "preferUnplugged": True, "files": [program_name(target), "LICENSE-*"]}
    if libc:
        more["libc"] = [{"gnu": "glibc", "musl": "musl"}[libc[0]]]
    package_json(folder, npm_name(target), f"The program of {NAME} for {target['rust']}", more)
    shutil.copy(program, folder)
    (folder / program_name(target)).chmod(0o755)
    (folder / "README.md").write_text(f"The program of `{NAME}` for {target['rust']}. Install `{NAME}`.\n")


def main_package(texts: Path, folder: Path):
    shutil.copy(HERE / "npm/aikeys-lsp.js", folder)
    shutil.copy(ROOT / "README.md", folder)
    shutil.copytree(texts / "man", folder / "man")
    more = {
        "keywords": PACKAGE["keywords"],
        "bin": {NAME: "aikeys-lsp.js"},
        "man": [f"./man/{path.name}" for path in sorted((folder / "man").iterdir())],
        "files": ["aikeys-lsp.js", "man", "LICENSE-*"],
        "engines": {"node": ">=18"},
        "optionalDependencies": {npm_name(target): VERSION for target in TARGETS},
    }
    package_json(folder, NAME, PACKAGE["description"], more)


def npm(folder: Path, texts: Path, out: Path, some: bool):
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        places = []
        for target, program in programs(folder, some):
            places.append(Path(scratch) / npm_name(target))
            places[-1].mkdir()
            platform_package(target, program, places[-1])
        # The last one: whoever installs it finds the others.
        places.append(Path(scratch) / NAME)
        places[-1].mkdir()
        main_package(texts, places[-1])
        command = ["npm", "pack", "--silent", "--pack-destination", out.resolve(), *places]
        subprocess.run(command, check=True, cwd=scratch, stdout=subprocess.DEVNULL)


# --- the extension of VS Code ----------------------------------------------------------------


def vsix(folder: Path, out: Path, vsce: Path, modules: Path, some: bool):
    out.mkdir(parents=True, exist_ok=True)
    for target, program in programs(folder, some):
        for platform in target["vsix"]:
            with tempfile.TemporaryDirectory() as scratch:
                extension(target, program, platform, Path(scratch), modules)
                path = out.resolve() / f"{NAME}-{platform}-{VERSION}.vsix"
                flags = ["--target", platform, "--no-dependencies", "--out", path]
                # Pictures of the page lie in the repository, beside the extension.
                flags += (
                    ["--baseContentUrl", f"{home()}/blob/HEAD/editors/vscode", "--baseImagesUrl", f"{home()}/raw/HEAD/editors/vscode"]
                    if home()
                    else ["--allow-missing-repository", "--no-rewrite-relative-links"]
                )
                subprocess.run([vsce.resolve(), "package", *flags], check=True, cwd=scratch, stdout=subprocess.DEVNULL)


def extension(target: dict, program: Path, platform: str, folder: Path, modules: Path):
    """A copy of the extension with the program in it."""
    ours = shutil.ignore_patterns("node_modules", "dist", "bundled", "*.vsix")
    shutil.copytree(ROOT / "editors/vscode", folder, ignore=ours, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(modules.resolve())
    (folder / "bundled").mkdir()
    shutil.copy(program, folder / "bundled")
    (folder / "bundled" / program_name(target)).chmod(0o755)
    if home():
        manifest = json.loads((folder / "package.json").read_text())
        manifest["repository"] = {"type": "git", "url": home()}
        (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")


# --- Homebrew --------------------------------------------------------------------------------


def formula(folder: Path, out: Path):
    if not home():
        fail("GITHUB_REPOSITORY is not set: a formula names where its archives lie")
    text = (HERE / "formula.rb").read_text()
    values = {"version": VERSION, "home": home(), "description": brew_description(), "license": brew_license()}
    for target in TARGETS:
        if "brew" in target:
            name = archive_name(target)
            values[f"{target['brew']}.url"] = f"{home()}/releases/download/v{VERSION}/{name}"
            values[f"{target['brew']}.sha256"] = checksum(folder / name)
    for key, value in values.items():
        if f"@{key}@" not in text:
            fail(f"formula.rb has no place for {key}")
        text = text.replace(f"@{key}@", value)
    out.write_text(text)


def brew_description() -> str:
    # Homebrew takes 80 characters, and no full stop.
    return "Finds literal AI keys and moves them to a safe place"


def brew_license() -> str:
    return "any_of: [" + ", ".join(f'"{it}"' for it in PACKAGE["license"].split(" OR ")) + "]"


# ---------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    known = {
        matrix: [],
        check: ["tag"],
        pages: ["program", "out"],
        archives: ["folder", "texts", "out"],
        npm: ["folder", "texts", "out"],
        vsix: ["folder", "out", "vsce", "modules"],
        formula: ["folder", "out"],
    }
    for function, arguments in known.items():
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        for argument in arguments:
            command.add_argument(argument, type=str if argument == "tag" else Path)
        if function in [archives, npm, vsix]:
            command.add_argument("--some", action="store_true")
    given = vars(parser.parse_args())
    del given["command"]
    given.pop("function")(**given)


if __name__ == "__main__":
    main()
