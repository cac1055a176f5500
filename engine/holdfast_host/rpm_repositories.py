"""The repositories of rpm packages that a host knows, as their .repo files say; and what they offer, in order."""
from __future__ import annotations

import os
from typing import Dict, List, Sequence, Tuple

from . import files, rpm
from .packages import Offer
from .record import Record

PRIORITY = 99  # of a repository that says none; the lowest number counts


class Repository(Record):
    """id: what the section is called. name: what a reader is told. optional: the manager goes on without it."""

    id: str
    name: str = ""
    priority: int = PRIORITY
    optional: bool = False


def enabled(folders: Sequence[str], main: str = "") -> List[Repository]:
    """Those that are enabled in the .repo files of these folders, and in the manager's own file."""
    import configparser

    places = [os.path.join(folder, name) for folder in folders for name in sorted(files.names_in(folder))
              if name.endswith(".repo")]
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
    for place in [main, *places] if main else places:
        try:
            parser.read_string((files.read(place) or b"").decode("utf-8", "replace"))
        except configparser.Error:
            continue  # the manager says what is wrong with it
    fallback = parser.get("main", "skip_if_unavailable", fallback=None) if parser.has_section("main") else None
    found = []
    for section in parser.sections():
        said = parser[section]
        if section != "main" and _is_true(said.get("enabled") or "1"):
            priority = said.get("priority") or ""
            found.append(Repository(
                section, said.get("name") or section, int(priority) if priority.isdecimal() else PRIORITY,
                _is_true(said.get("skip_if_unavailable") or fallback or "0")))
    return found


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "yes", "true", "on")


def offer(rows: Sequence[Tuple[str, str]], repositories: Sequence[Repository]) -> Offer:
    """What (version, repository) pairs amount to: the newest of the repositories that come first is the candidate."""
    priorities: Dict[str, int] = {}
    for one in repositories:
        priorities.update({one.id: one.priority, one.name: one.priority})
    best = min((priorities.get(place, PRIORITY) for _, place in rows), default=PRIORITY)
    first = rpm.newest_first([version for version, place in rows if priorities.get(place, PRIORITY) == best])
    return Offer(first[0] if first else None, tuple(rpm.newest_first([version for version, _ in rows])))
