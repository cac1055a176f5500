"""What a host keeps of a source: the last good copy, and what it was. One file is replaced whole, last; so a kill at
any point leaves either the copy before or the new one."""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from holdfast.problems import Problem, Problems
from holdfast.pulling.model import Source


@dataclass(frozen=True, slots=True)
class Good:
    """The last copy that was verified. folder: its name; revision, digest, signer, signed: as of what was fetched;
    fetched: seconds since the epoch."""

    folder: str
    revision: str
    digest: str
    signer: str
    fetched: float
    signed: str = ""


class Kept:
    """A source's folder. Only its owner reads it."""

    def __init__(self, state: Path, source: Source) -> None:
        self.state = state
        self.folder = state / hashlib.sha256(f"{source.address}#{source.branch}".encode()).hexdigest()[:16]
        self.git = self.folder / "git"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Raises Problems when another process works here."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Problems([Problem(f"{self.folder} cannot be used: {error.strerror}", None,
                                    "run as root, or name another folder with --state")]) from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Problems([Problem("another `holdfast pull` is at work here", None, "wait for its end")]) from None
            yield
        finally:
            os.close(descriptor)

    def good(self) -> Good | None:
        """None: nothing was pulled yet. Raises Problems."""
        try:
            return Good(**json.loads((self.folder / "good.json").read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise Problems([Problem(f"{self.folder / 'good.json'} cannot be read: {error}", None,
                                    "move the folder aside: then no revision is known to be older")]) from None

    def fresh(self) -> Path:
        """An empty place for what comes in. What was left over by one that was killed is taken away."""
        good = self.good()
        for path in self.folder.glob("copy-*"):
            if good is None or path.name != good.folder:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        number = 1 + (int(good.folder.partition("-")[2]) if good else 0)
        return self.folder / f"copy-{number}"

    def promote(self, good: Good) -> None:
        """From now on this copy counts."""
        path = self.folder / "good.json.new"
        with path.open("w", encoding="utf-8") as stream:
            json.dump(asdict(good), stream)
            stream.flush()
            os.fsync(stream.fileno())
        path.replace(self.folder / "good.json")
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def path(self, good: Good) -> Path:
        """Where the copy is."""
        return self.folder / good.folder
