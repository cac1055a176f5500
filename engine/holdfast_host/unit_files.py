"""Unit files of the host's own: what to declare to have one again, and what to do when systemd cannot load one."""
from __future__ import annotations

from typing import Dict, List, Optional

from . import files, systemd
from .errors import Failed
from .files import FILE, FileState
from .resource import Declared
from .values import Blob

MODE = "0644"


def put_back(path: str, which: Dict[str, str], state: Optional[FileState], data: Optional[bytes]) -> List[Declared]:
    """Declarations that put back what stood at a unit file's path. which: `name`, perhaps `drop_in`, of the
    systemd_unit. Raises Failed for what was no file."""
    if state is None:
        return [("systemd_unit", {**which, "state": "absent"})]
    if state.kind != FILE:
        raise Failed("%s was a %s" % (path, state.kind))
    back: List[Declared] = [("systemd_unit", {**which, "source": Blob.of(data or b"")})]
    if (state.mode, state.owner, state.group) != (MODE, "root", "root"):
        back.append(("file", {"path": path, "mode": state.mode, "owner": state.owner, "group": state.group}))
    return back


def must_load(name: str, path: str, before: Optional[bytes], after: bytes) -> None:
    """Puts a file that was just written, and that systemd has read, back as it was when the unit cannot be loaded with
    it, and raises Failed."""
    unit = systemd.show([name])[name]
    if unit.load not in ("bad-setting", "error"):
        return
    words = systemd.last_words(name, 5)
    if before is None:
        files.remove(path, lambda: True)
    else:
        files.replace(path, before, after)
    systemd.systemctl("daemon-reload")
    raise Failed("systemd cannot load %s; its file is as it was before" % name,
                 "\n".join(filter(None, (_quoted(unit.load_error), words))))


def _quoted(error: str) -> str:
    return error.partition('"')[2].rstrip('"')
