"""systemd as resource types see it: how units stand, which are enabled, and calls of systemctl that explain
themselves."""
from __future__ import annotations

import os
import re
from typing import Dict, FrozenSet, List, Mapping, Sequence, Set

from . import ahead, checks, process, systemd_bus
from .errors import Failed, Refused
from .record import Record, with_fields

PLACE = "/etc/systemd/system"
RELOADED = ("systemd", "reloaded")  # to a plan every unit's files are known from then on
KINDS = checks.UNIT_KINDS
PROPERTIES = ("Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "Type", "RemainAfterExit", "Result",
              "NeedDaemonReload", "CanReload", "ExecMainExitTimestampMonotonic", "SourcePath", "LoadError", "NRestarts")


class Unit(Record):
    """How a unit stands, in systemd's words (systemctl show). id: its own name, where it was asked for by an alias.
    file_state: `enabled`, `static` …; "" when it has no file, or when only a glance was taken."""

    id: str
    load: str
    active: str
    sub: str
    file_state: str = ""
    kind: str = ""
    remains: bool = False
    result: str = ""
    needs_reload: bool = False
    can_reload: bool = True
    has_run: bool = False
    source: str = ""
    load_error: str = ""
    restarts: int = 0


def full_name(name: str) -> str:
    """`nginx` -> `nginx.service`; a name with a suffix stays."""
    return name if name.rpartition(".")[2] in KINDS and "." in name else name + ".service"


def must_be_here() -> None:
    """Raises Refused on a host that systemd does not run."""
    if not os.path.isdir("/run/systemd/system"):
        raise Refused("", "systemd does not run this host", "this type needs it; other service managers come later")


def glance(names: Sequence[str]) -> Dict[str, Unit]:
    """How units stand, as far as one quick question tells: without what is known of their files. Empty when systemd
    could not be asked so."""
    found = systemd_bus.units(names)
    return {name: Unit(*row) for name, row in zip(names, found)} if found is not None else {}


def show(names: Sequence[str]) -> Dict[str, Unit]:
    """How units stand, all in one call of systemctl; in a plan, as they will stand by then. Raises Failed."""
    asked = process.run(["systemctl", "show", "--property", ",".join(PROPERTIES), "--", *names])
    found = parse_show(names, asked.must("cannot ask systemd").stdout)
    return {name: with_fields(unit, **(ahead.later(("unit", unit.id)) or {})) for name, unit in found.items()}


def parse_show(names: Sequence[str], text: str) -> Dict[str, Unit]:
    """What `systemctl show` prints: blocks in the order of the names, with a blank line between. Raises Failed."""
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines())
              for block in re.split(r"\n\n+", text.strip("\n"))]
    if len(blocks) != len(names):
        raise Failed("systemctl answered for %d units instead of %d" % (len(blocks), len(names)), text[:2000])
    return {name: _unit(block) for name, block in zip(names, blocks)}


def _unit(block: Mapping[str, str]) -> Unit:
    ask = block.get
    restarts = ask("NRestarts", "0")
    return Unit(ask("Id", ""), ask("LoadState", ""), ask("ActiveState", ""), ask("SubState", ""),
                ask("UnitFileState", ""), ask("Type", ""), ask("RemainAfterExit") == "yes", ask("Result", ""),
                ask("NeedDaemonReload") == "yes", ask("CanReload") != "no",
                ask("ExecMainExitTimestampMonotonic", "0") not in ("", "0"), ask("SourcePath", ""),
                ask("LoadError", ""), int(restarts) if restarts.isdecimal() else 0)


def outdated(names: Sequence[str]) -> List[bool]:
    """Whether systemd has to be reloaded to know a unit's files as they are now; a reload that is planned counts.
    Raises Failed."""
    if ahead.later(RELOADED):
        return [False] * len(names)
    found = systemd_bus.outdated(names)
    if found is None:
        units = show(names)
        return [units[name].needs_reload for name in names]
    return found


def wanted_at_boot() -> FrozenSet[str]:
    """Names of units that some target of /etc wants. Being wanted there is what `enabled` means; systemd itself keeps
    what it knew of that until it is reloaded, so that a link removed by hand is not seen by `systemctl show`."""
    found: Set[str] = set()
    for folder in _entries(PLACE):
        if folder.endswith((".wants", ".requires", ".upholds")):
            place = os.path.join(PLACE, folder)
            found.update(name for name in _entries(place) if not _is_masked(os.path.join(place, name)))
    return frozenset(found)


def _entries(folder: str) -> List[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_masked(path: str) -> bool:
    try:
        return os.readlink(path) == "/dev/null"
    except OSError:
        return True  # not a link, so not systemctl's doing


def is_enabled_now(name: str) -> str:
    """The state of a unit's file as it is on disk now: `enabled`, `disabled` …; "" when there is none."""
    return process.run(["systemctl", "is-enabled", "--", name]).stdout.strip()


def systemctl(*words: str) -> None:
    """Raises Failed with what systemctl said."""
    process.run(["systemctl", "--no-ask-password", *words]).must("systemctl %s" % words[0])


def last_words(name: str, lines: int = 20) -> str:
    """The end of a unit's journal, for a report."""
    done = process.run(["journalctl", "--no-pager", "--quiet", "--output=short-iso", "--boot", "--lines=%d" % lines,
                        "--unit", name])
    return done.stdout.strip()
