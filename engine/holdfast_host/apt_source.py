"""One repository as apt has it: its file in sources.list.d, and the lists that are fetched from it."""
from __future__ import annotations

import os
import re
from typing import List

from . import apt, files
from .errors import Failed
from .repositories import Form, Source

FOLDER, KEYRINGS = "/etc/apt/sources.list.d", "/etc/apt/keyrings"


def text(source: Source, remark: str) -> bytes:
    """The file's content, in the form of deb822; see sources.list(5)."""
    fields = [("Types", source.types), ("URIs", source.uris), ("Suites", source.suites),
              ("Components", source.components), ("Architectures", source.architectures),
              ("Signed-By", (source.signed_by,) if source.signed_by else ()),
              ("Trusted", ("yes",) if source.trusted else ()), ("Enabled", () if source.enabled else ("no",))]
    rows = ["# " + remark, *("%s: %s" % (name, " ".join(words)) for name, words in fields if words)]
    return ("\n".join(rows) + "\n").encode("utf-8", "surrogateescape")


def has_lists(source: Source) -> bool:
    """Whether apt has fetched from each of its places; also when that cannot be told from names of files, and on a host
    that has no lists at all, where whoever needs some fetches all."""
    if not source.enabled or any("$(" in suite for suite in source.suites) or apt.lists_age_s() is None:
        return True
    names = [_letters(name) for name in files.names_in(apt.LISTS)]
    return all(any(name.startswith(start) and name.endswith("release") for name in names)
               for start in _beginnings(source))


def _beginnings(source: Source) -> List[str]:
    """How the names of its lists begin, in letters and digits: apt escapes the rest in ways that differ by version."""
    found = []
    for uri in source.uris:
        scheme, _, rest = uri.partition(":")
        if not scheme.startswith("mirror"):
            found += [_letters(rest + (suite if suite.endswith("/") else "/dists/" + suite)) for suite in source.suites]
    return found


def _letters(name: str) -> str:
    return re.sub(r"%[0-9a-f]{2}|[^a-z0-9]", "", name.lower())


def fetch(name: str, wait_s: float) -> None:
    """Fetches the lists of this repository; those of all others only on a host that has none. Raises Failed when not
    all of it comes, or is not signed as it should be."""
    is_first = apt.lists_age_s() is None
    before = os.stat(apt.LISTS) if os.path.isdir(apt.LISTS) else None
    done = apt.get(["update", "-o", "Dir::Etc::sourcelist=" + FORM.place(name), "-o", "Dir::Etc::sourceparts=-",
                    "-o", "APT::Get::List-Cleanup=0", "-o", "APT::Update::Error-Mode=any"], wait_s)
    lost = re.findall(r"^(?:Err:|[EW]: Failed to fetch).*(?:\n  .*)*", done.stdout + done.stderr, re.M)
    if lost:  # apt before 2.2 calls that a success
        raise Failed("apt-get update did not get all of it", "\n".join(lost)[-4000:])
    apt.get(["indextargets"], wait_s)  # with all others: two that name one place, with two keys, stop all of apt
    if is_first:
        apt.get(["update"], wait_s)
    elif before is not None:  # the others' lists are no younger than they were
        os.utime(apt.LISTS, ns=(before.st_atime_ns, before.st_mtime_ns))


FORM = Form(FOLDER, ".sources", KEYRINGS, ".gpg", lambda name, source, remark: text(source, remark),
            lambda name, source: has_lists(source), lambda name, source, wait_s: fetch(name, wait_s), lambda ring: ring)
