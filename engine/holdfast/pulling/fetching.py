"""From a source to a copy that may be applied: fetched, verified, not older than what was applied before."""
from __future__ import annotations

import os
import shutil
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.problems import Place, Problem, Problems
from holdfast.pulling import copies, manifest
from holdfast.pulling.git import Incoming, Repository
from holdfast.pulling.keeping import Good, Kept
from holdfast.pulling.model import Fetched, NotFetched, Source

OLDER_MEND = "nothing was applied; --allow-older goes back, if that is meant"
UNSIGNED_MEND = "sign it: `git commit -S` with an SSH key, or `holdfast sign`; --allow-unsigned takes it as it is"


@dataclass(frozen=True, slots=True)
class Ready:
    """A copy that may be applied. offline: why it is the last good one and not that of today, or ""."""

    folder: Path
    revision: str
    signer: str
    is_new: bool
    offline: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is let through. trust: the file of allowed signers; None: nothing has to be signed."""

    trust: Path | None
    allows_unsigned: bool = False
    allows_older: bool = False


def rules(trust: Path, allows_unsigned: bool, allows_older: bool) -> Rules:
    """Raises Problems for a file of signers that is missing, or that somebody else could have written."""
    if not trust.is_file():
        if allows_unsigned:
            return Rules(None, True, allows_older)
        raise Problems([Problem("it is not known whose signature counts: there is no such file", Place(str(trust)),
                                "write lines as `NAME ssh-ed25519 AAAA…`, or say --allow-unsigned")])
    found = trust.stat()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or found.st_uid not in (0, os.getuid()):
        raise Problems([Problem("others may change who is trusted", Place(str(trust)),
                                f"chmod go-w {trust}, and let root own it")])
    return Rules(trust, allows_unsigned, allows_older)


def ready(source: Source, kept: Kept, allowed: Rules) -> Ready:
    """Raises Problems, and then nothing may be applied."""
    last = kept.good()
    place = kept.fresh()
    try:
        fetched = _of_git(source, kept, place, allowed, last) if source.kind == "git" else \
            _of_copy(source, place, allowed, last)
    except NotFetched as error:
        if last is None:
            raise Problems([Problem(f"it cannot be fetched: {error}", None, "look at the way there; nothing was pulled "
                                    "before that could be applied")]) from None
        return replace(_again(source, kept, allowed, last), offline=str(error))
    except Problems:
        shutil.rmtree(place, ignore_errors=True)
        raise
    kept.promote(Good(place.name, fetched.revision, fetched.digest, fetched.signer, time.time(), fetched.signed))
    is_new = last is None or (last.revision, last.digest) != (fetched.revision, fetched.digest)
    return Ready(place, fetched.revision, fetched.signer, is_new)


def _of_git(source: Source, kept: Kept, place: Path, allowed: Rules, last: Good | None) -> Fetched:
    repository = Repository(kept.git, allowed.trust)
    found = repository.fetch(source)
    signer = _signed(repository, found, allowed)
    if last is not None and not allowed.allows_older and repository.is_older(found.commit, last.revision):
        raise Problems([Problem(f"commit {found.commit[:12]} does not come after {last.revision[:12]}, which was "
                                "pulled here before", None, OLDER_MEND)])
    return replace(repository.copy(found.commit, place), signer=signer, signed=found.tag)


def _signed(repository: Repository, found: Incoming, allowed: Rules) -> str:
    signer = repository.signer(found)
    if not signer and not allowed.allows_unsigned:
        what = f"tag {found.name}" if found.tag else f"commit {found.commit[:12]}"
        raise Problems([Problem(f"{what} is not signed", None, UNSIGNED_MEND)])
    return signer


def _of_copy(source: Source, place: Path, allowed: Rules, last: Good | None) -> Fetched:
    copies.fetch(source, place)
    fetched = _verified(place, allowed)
    if last is None or allowed.allows_older:
        return fetched
    now, before = _number(fetched.revision), _number(last.revision)
    if now < before or (now == before and now and fetched.digest != last.digest):
        what = "is older than" if now < before else "is another one than that"
        raise Problems([Problem(f"revision {fetched.revision or 'without a number'} {what} {last.revision}, which was "
                                "applied here", None, OLDER_MEND)])
    return fetched


def _verified(place: Path, allowed: Rules) -> Fetched:
    is_signed = (place / manifest.SIGNATURE).is_file()
    if allowed.trust is None or (allowed.allows_unsigned and not is_signed):
        return Fetched(place, "", copies.digest(manifest.of_folder(place, 0)))
    signed, signer = manifest.verify(place, allowed.trust)
    return Fetched(place, str(signed.revision), copies.digest(signed), signer)


def _again(source: Source, kept: Kept, allowed: Rules, last: Good) -> Ready:
    """The last good copy, verified once more: a key may have been taken away, a file changed."""
    place = kept.path(last)
    if source.kind == "git":
        repository = Repository(kept.git, allowed.trust)
        _signed(repository, Incoming(last.revision, last.signed, source.branch), allowed)
        shutil.rmtree(place, ignore_errors=True)
        repository.copy(last.revision, place)
    elif _verified(place, allowed).digest != last.digest:
        raise Problems([Problem("the last good copy was changed here since it was fetched", Place(str(place)),
                                "nothing was applied; move it aside, and pull when the source can be reached")])
    return Ready(place, last.revision, last.signer, is_new=False)


def _number(revision: str) -> int:
    return int(revision) if revision.isdecimal() else 0
