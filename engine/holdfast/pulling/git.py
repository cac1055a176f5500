"""Fetching from git: a bare repository of our own, the signature of a commit or tag, and a copy of what is in it."""
from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from holdfast.problems import Problem, Problems
from holdfast.pulling.copies import unpack
from holdfast.pulling.manifest import MOST_BYTES
from holdfast.pulling.model import Fetched, NotFetched, Source

PATIENCE_S = 600.0
INCOMING = "refs/holdfast/incoming"
SSH_OPTIONS = "-o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=60"  # no host key is taken unseen
UNSAFE = frozenset({"GIT_SSL_NO_VERIFY", "GIT_SSH", "GIT_ALLOW_PROTOCOL", "GIT_DIR", "GIT_CONFIG_PARAMETERS"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a branch or a tag is. tag: the object of a tag that says something of its own, "": there is none. name: as
    it was asked for."""

    commit: str
    tag: str = ""
    name: str = ""


class Repository:
    """Our own, without a work tree; nothing in it is ever run. trust: the file of allowed signers; None: nothing is
    verified."""

    def __init__(self, folder: Path, trust: Path | None) -> None:
        self._folder, self._trust = folder, trust

    def fetch(self, source: Source) -> Incoming:
        """What a branch or a tag is there now. Raises NotFetched."""
        if not (self._folder / "HEAD").is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare")
        wanted = [f"refs/{kind}/{source.branch}" for kind in ("heads", "tags")] if source.branch else ["HEAD"]
        for what in wanted:
            done = self._git("fetch", "--quiet", "--no-tags", "--force", "--no-write-fetch-head", "--",
                             source.address, f"+{what}:{INCOMING}", checked=False, scheme=source.scheme)
            if not done.returncode or b"find remote ref" not in done.stderr:
                break
        if done.returncode:
            raise NotFetched(f"{source.shown}: {_reason(done.stderr)}")
        found = self._line("rev-parse", "--verify", INCOMING)
        commit = self._line("rev-parse", "--verify", f"{INCOMING}^{{commit}}")
        return Incoming(commit, "" if found == commit else found, source.branch)

    def signer(self, found: Incoming) -> str:
        """Who signed it, "": nobody. Raises Problems for a signature that is wrong, or by somebody else."""
        kind, name, mark = ("tag", found.tag, b"\n-----BEGIN ") if found.tag else ("commit", found.commit, b"\ngpgsig")
        header, _, text = self._git("cat-file", kind, name).stdout.partition(b"\n\n")
        if mark not in b"\n" + (text if found.tag else header) or self._trust is None:
            return ""
        done = self._git(f"verify-{kind}", "--raw", name, checked=False)
        said = done.stderr.decode("utf-8", "replace")
        if done.returncode or 'Good "git" signature for ' not in said:
            raise Problems([Problem(f"the signature of {kind} {name[:12]} is not by a key in {self._trust}, or is "
                                    "wrong", None, "nothing was applied; see who signed it: git log --show-signature")])
        if found.tag and f"\ntag {found.name}\n".encode() not in header + b"\n":
            raise Problems([Problem(f"what is tag `{found.name}` there was signed under another name", None,
                                    "nothing was applied; see who moved it: git cat-file tag " + found.name)])
        return said.partition('signature for ')[2].partition(" with ")[0]

    def is_older(self, commit: str, last: str) -> bool:
        """Is a commit not one that has come after another, or that itself?"""
        return self._git("merge-base", "--is-ancestor", last, commit, checked=False).returncode != 0

    def copy(self, commit: str, to: Path) -> Fetched:
        """What is in a commit, as files. Raises Problems."""
        with tempfile.NamedTemporaryFile(dir=self._folder) as stream:
            done = self._git("archive", "--format=tar", commit, checked=False, into=stream)
            if done.returncode:
                raise Problems([Problem(f"commit {commit[:12]} cannot be read, or is larger than "
                                        f"{MOST_BYTES >> 20} MiB: {_reason(done.stderr)}", None,
                                        "keep large contents elsewhere")])
            unpack(Path(stream.name), to, "take links that lead outside of it, and all that is no file, away",
                   has_links=True)
        return Fetched(to, commit)

    def _line(self, *words: str) -> str:
        return self._git(*words).stdout.decode("ascii").strip()

    def _git(self, *words: str, checked: bool = True, scheme: str = "", into: IO[bytes] | None = None,
             ) -> subprocess.CompletedProcess[bytes]:
        """scheme: that by which it may go out, and be sent on to. into: what takes its output."""
        settings: Sequence[str] = (
            "core.hooksPath=/dev/null", "core.fsmonitor=false", "fetch.fsckObjects=true", "protocol.allow=never",
            *([f"protocol.{scheme}.allow=always"] if scheme else []), "http.sslVerify=true",
            "gpg.program=/bin/false", "gpg.x509.program=/bin/false", "gpg.ssh.program=ssh-keygen",
            f"gpg.ssh.allowedSignersFile={self._trust or '/dev/null'}", "gc.auto=0")
        options = [part for setting in settings for part in ("-c", setting)]
        around = {name: value for name, value in os.environ.items() if name not in UNSAFE}
        around["GIT_SSH_COMMAND"] = f"{around.get('GIT_SSH_COMMAND', 'ssh')} {SSH_OPTIONS}"
        try:
            done = subprocess.run(["git", *options, "--git-dir", str(self._folder), *words], stdin=subprocess.DEVNULL,
                                  stdout=into or subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE_S,
                                  check=False, preexec_fn=_bounded,
                                  env={**around, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"})
        except FileNotFoundError:
            raise Problems([Problem("git is not installed here", None,
                                    "install git, or pull from an archive")]) from None
        except subprocess.TimeoutExpired:
            raise NotFetched(f"git took longer than {PATIENCE_S:g} s") from None
        if checked and done.returncode:
            raise Problems([Problem(f"git {words[0]}: {_reason(done.stderr)}", None, f"look at {self._folder}")])
        return done


def _bounded() -> None:
    """No file that git writes may be larger than a project; git is told so, and says so."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))


def _reason(said: bytes) -> str:
    """The line that says why: what ssh says stands before git's own complaint, and advice stands behind it."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = next((number for number, line in enumerate(lines) if line.startswith(("fatal:", "error:"))), None)
    if fatal is None:
        return lines[-1] if lines else "no reason was given"
    if "Could not read from remote" in lines[fatal] and fatal:
        return lines[fatal - 1]
    return lines[fatal].partition(":")[2].strip()
