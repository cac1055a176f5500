"""A signed list of all files of a project: its signature stands for the whole, in a folder and in an archive.

Signatures are those of `ssh-keygen -Y sign` in the namespace `holdfast`; who may sign is in a file of allowed signers
(ssh-keygen(1), "ALLOWED SIGNERS"). Git knows the same keys and the same file.
"""
from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.problems import Place, Problem, Problems

NAME, SIGNATURE = "holdfast.manifest", "holdfast.manifest.sig"
NAMESPACE = "holdfast"
LEFT_OUT = frozenset({".git", ".holdfast", NAME, SIGNATURE})  # at the top of a project
MOST_FILES, MOST_BYTES = 100_000, 1 << 30
PATIENCE_S = 30.0
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """revision: grows with each signing. files: SHA-256, and whether it may be executed, by path."""

    revision: int
    files: dict[str, tuple[str, bool]]

    def to_bytes(self) -> bytes:
        """As it is signed."""
        return json.dumps({"holdfast_manifest": FORMAT, "revision": self.revision,
                           "files": {path: list(one) for path, one in sorted(self.files.items())}}, indent=0).encode()


def of_folder(folder: Path, revision: int) -> Manifest:
    """Lists a project's files. Raises Problems for what is no regular file."""
    files: dict[str, tuple[str, bool]] = {}
    problems, size = [], 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            problems.append(Problem("is no regular file, and only those can be signed", Place(str(path)),
                                    "put a copy in its place, or take it away"))
            continue
        size += found.st_size
        if len(files) >= MOST_FILES or size > MOST_BYTES:
            raise Problems([Problem(f"a project has at most {MOST_FILES:,} files and {MOST_BYTES >> 20} MiB",
                                    Place(str(folder)), "keep large contents elsewhere")])
        files[name] = (_digest(path), bool(found.st_mode & 0o111))
    if problems:
        raise Problems(problems)
    return Manifest(revision, files)


def next_revision(folder: Path, now: float) -> int:
    """Milliseconds since the epoch, or more than what was signed here before: its clock may have been fast, and hosts
    would take what follows for older. now: in seconds. Raises Problems."""
    path, by_clock = folder / NAME, int(now * 1000)
    return max(by_clock, _read(path.read_bytes()).revision + 1) if path.is_file() else by_clock


def sign(folder: Path, key: Path, revision: int) -> Manifest:
    """Writes the list and its signature into the folder. key: a private key of SSH, or the public one of a key that an
    agent holds. Raises Problems."""
    made = of_folder(folder, revision)
    path = folder / NAME
    path.write_bytes(made.to_bytes())
    (folder / SIGNATURE).unlink(missing_ok=True)
    done = _ssh_keygen("-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(path))
    if done.returncode:
        path.unlink()
        raise Problems([Problem(f"it cannot be signed: {_last(done.stderr)}", Place(str(key)),
                                "name a private key: `ssh-keygen -t ed25519 -f KEY` makes one")])
    return made


def verify(folder: Path, trust: Path) -> tuple[Manifest, str]:
    """What was signed, and who did: the folder holds that and nothing else. Raises Problems."""
    path, signature = folder / NAME, folder / SIGNATURE
    if not path.is_file() or not signature.is_file():
        raise Problems([Problem("what was fetched is not signed", None,
                                "`holdfast sign --key KEY` signs a project; --allow-unsigned takes it as it is")])
    data = path.read_bytes()
    who = _ssh_keygen("-Y", "find-principals", "-f", str(trust), "-s", str(signature), data=data)
    signer = who.stdout.decode("utf-8", "replace").partition("\n")[0].strip()
    checked = _ssh_keygen("-Y", "verify", "-f", str(trust), "-I", signer or "nobody", "-n", NAMESPACE, "-s",
                          str(signature), data=data)
    if who.returncode or not signer or checked.returncode:
        raise Problems([Problem(f"the signature of what was fetched is not by a key in {trust}, or is wrong", None,
                                "nothing was applied; see who signed it, and what was changed since")])
    signed = _read(data)
    there = of_folder(folder, signed.revision)
    if there.files != signed.files:
        wrong = sorted(path for path in {*there.files, *signed.files}
                       if there.files.get(path) != signed.files.get(path))
        raise Problems([Problem(f"what was fetched is not what was signed: {', '.join(wrong[:3])}"
                                + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""), None,
                                "nothing was applied; sign it anew, or fetch it from elsewhere")])
    return signed, signer


def _read(data: bytes) -> Manifest:
    """A list whose signature is right may still be of another format."""
    try:
        found: Any = json.loads(data)
        if found["holdfast_manifest"] != FORMAT:
            raise ValueError("format")
        return Manifest(int(found["revision"]), {str(path): (str(one[0]), bool(one[1]))
                                                 for path, one in found["files"].items()})
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise Problems([Problem(f"{NAME} is not one that this version reads", None,
                                "sign it with this version of Holdfast")]) from None


def _walk(folder: Path) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        here = Path(top)
        is_top = here == folder
        for name in [*folders]:
            if (is_top and name in LEFT_OUT) or name == "__pycache__":
                folders.remove(name)
            elif (here / name).is_symlink():
                yield here / name
        yield from (here / name for name in sorted(files) if not (is_top and name in LEFT_OUT))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _ssh_keygen(*words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *words], input=data, capture_output=True, timeout=PATIENCE_S, check=False)
    except FileNotFoundError:
        raise Problems([Problem("ssh-keygen is not installed, and it makes and verifies signatures", None,
                                "install openssh-client (8.9 or newer)")]) from None
    except subprocess.TimeoutExpired:
        raise Problems([Problem(f"ssh-keygen took longer than {PATIENCE_S:g} s", None,
                                "a key with a passphrase needs an agent")]) from None


def _last(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no reason was given"
