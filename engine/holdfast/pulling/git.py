"""Fetching from git: a bare repository of our own, the signature of the newest commit, and a copy of what is in it."""
from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from holdfast.problems import Problem, Problems
from holdfast.pulling.model import Fetched, NotFetched, Source

PATIENCE_S = 600.0
INCOMING = "refs/holdfast/incoming"


class Repository:
    """Our own, without a work tree; nothing in it is ever run. trust: the file of allowed signers; None: nothing is
    verified."""

    def __init__(self, folder: Path, trust: Path | None) -> None:
        self._folder, self._trust = folder, trust

    def fetch(self, source: Source) -> str:
        """The newest commit there. Raises NotFetched."""
        if not (self._folder / "HEAD").is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare")
        what = f"refs/heads/{source.branch}" if source.branch else "HEAD"
        done = self._git("fetch", "--quiet", "--no-tags", "--force", "--", source.address, f"+{what}:{INCOMING}",
                         checked=False)
        if done.returncode:
            raise NotFetched(f"{source.shown}: {_last(done.stderr)}")
        return self._git("rev-parse", "--verify", f"{INCOMING}^{{commit}}").stdout.decode("ascii").strip()

    def signer(self, commit: str) -> str:
        """Who signed it, "": nobody. Raises Problems for a signature that is wrong, or by somebody else."""
        header = self._git("cat-file", "commit", commit).stdout.partition(b"\n\n")[0]
        if b"\ngpgsig" not in b"\n" + header:
            return ""
        if self._trust is None:
            return ""
        done = self._git("verify-commit", "--raw", commit, checked=False)
        said = done.stderr.decode("utf-8", "replace")
        if done.returncode or 'Good "git" signature for ' not in said:
            raise Problems([Problem(f"the signature of commit {commit[:12]} is not by a key in {self._trust}, or is "
                                    "wrong", None, "nothing was applied; see who signed it: git log --show-signature")])
        return said.partition('signature for ')[2].partition(" with ")[0]

    def is_older(self, commit: str, last: str) -> bool:
        """Is a commit not one that has come after another, or that itself?"""
        return self._git("merge-base", "--is-ancestor", last, commit, checked=False).returncode != 0

    def keep(self, commit: str) -> None:
        """Never forgets it."""
        self._git("update-ref", "refs/holdfast/good", commit)

    def copy(self, commit: str, to: Path) -> Fetched:
        """What is in a commit, as files. Raises Problems."""
        data = self._git("archive", "--format=tar", commit).stdout
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                archive.extractall(to, filter="data")
        except tarfile.TarError as error:
            raise Problems([Problem(f"commit {commit[:12]} holds what does not belong into a project: {error}", None,
                                    "take links that lead outside of it away")]) from None
        return Fetched(to, commit)

    def _git(self, *words: str, checked: bool = True) -> subprocess.CompletedProcess[bytes]:
        settings: Sequence[str] = (
            "core.hooksPath=/dev/null", "core.fsmonitor=false", "protocol.ext.allow=never", "fetch.fsckObjects=true",
            "gpg.program=/bin/false", "gpg.x509.program=/bin/false", "gpg.ssh.program=ssh-keygen",
            f"gpg.ssh.allowedSignersFile={self._trust or '/dev/null'}", "gc.auto=0")
        options = [part for setting in settings for part in ("-c", setting)]
        try:
            done = subprocess.run(["git", *options, "--git-dir", str(self._folder), *words], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=PATIENCE_S, check=False,
                                  env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"})
        except FileNotFoundError:
            raise Problems([Problem("git is not installed here", None,
                                    "install git, or pull from an archive")]) from None
        except subprocess.TimeoutExpired:
            raise NotFetched(f"git took longer than {PATIENCE_S:g} s") from None
        if checked and done.returncode:
            raise Problems([Problem(f"git {words[0]}: {_last(done.stderr)}", None, f"look at {self._folder}")])
        return done


def _last(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason was given"
