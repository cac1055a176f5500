"""The apt repository that hosts install from: our own packages, and real ones downloaded once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from . import mirror
from .debs import DEBS, Deb
from .process import run


def build(folder: Path, base: Path, mirror_url: str, suite: str, names: tuple[str, ...]) -> None:
    """Fill a folder with a flat repository: DEBS, and each named package with what `base` lacks of its dependencies.

    Raises CommandFailed when a package cannot be built or downloaded.
    """
    folder.mkdir(mode=0o755)
    for deb in DEBS:
        build_deb(deb, folder)
    download(folder, base, mirror_url, suite, names)
    (folder / "Packages").write_text(run("apt-ftparchive", "packages", ".", cwd=folder).stdout)
    about = {"Origin": "Holdfast", "Label": "Holdfast lab", "Suite": "lab", "Codename": "lab"}
    options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in about.items()]
    (folder / "Release").write_text(run("apt-ftparchive", *options, "release", ".", cwd=folder).stdout)


def build_deb(deb: Deb, folder: Path) -> Path:
    """Make one package with dpkg-deb; gives back its file."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        control = tree / "DEBIAN"
        control.mkdir(parents=True, mode=0o755)
        tree.chmod(0o755)
        for name, content in deb.files.items():
            _write(tree / name.lstrip("/"), content, 0o755 if name.startswith("/usr/bin/") else 0o644)
        for name, content in deb.scripts.items():
            _write(control / name, content, 0o755)
        if deb.conffiles:
            _write(control / "conffiles", "".join(f"{name}\n" for name in deb.conffiles), 0o644)
        fields = {
            "Package": deb.name,
            "Version": deb.version,
            "Architecture": "all",
            "Maintainer": "Holdfast lab <lab@holdfast.invalid>",
            "Section": "misc",
            "Priority": "optional",
            "Depends": deb.depends,
            "Description": f"{deb.summary}\n Made by Holdfast's lab for its tests.",
        }
        _write(control / "control", "".join(f"{key}: {value}\n" for key, value in fields.items() if value), 0o644)
        made = folder / deb.file_name
        run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(made), env={"SOURCE_DATE_EPOCH": "0"})
        return made


def download(folder: Path, base: Path, mirror_url: str, suite: str, names: tuple[str, ...]) -> None:
    """Download each package, and what it needs beyond `base`, with the apt of a throw-away copy of `base`'s state.

    A named package comes also when `base` has it. Each name is resolved by itself: taken together, one package could
    stand in for another's dependency.
    """
    with tempfile.TemporaryDirectory() as scratch:
        state = Path(scratch)
        for child in ("lists/partial", "archives/partial", "parts"):
            (state / child).mkdir(parents=True)
        shutil.copytree(base / "var/lib/dpkg", state / "dpkg")
        keyring = base / "usr/share/keyrings/debian-archive-keyring.gpg"
        (state / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror_url} {suite} main\n")
        (state / "apt.conf").write_text(mirror.network_settings())
        options = [
            f"-oDir::State={state}",
            f"-oDir::State::lists={state}/lists",
            f"-oDir::State::status={state}/dpkg/status",
            f"-oDir::Cache={state}",
            f"-oDir::Cache::archives={state}/archives",
            f"-oDir::Etc::sourcelist={state}/sources.list",
            f"-oDir::Etc::sourceparts={state}/parts",
            f"-oDir::Etc::preferencesparts={state}/parts",
            f"-oDir::Etc::parts={state}/parts",
            f"-oDir::Etc::main={state}/apt.conf",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Languages=none",
            "-oAPT::Install-Recommends=false",
        ]
        env = {"APT_CONFIG": str(state / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", *options, "update", env=env, timeout_s=300)
        for name in names:
            run("apt-get", *options, "install", "--reinstall", "--download-only", "-y", name, env=env, timeout_s=600)
        for deb in sorted((state / "archives").glob("*.deb")):
            shutil.copyfile(deb, folder / deb.name)


def _write(path: Path, content: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    path.write_text(content)
    path.chmod(mode)
