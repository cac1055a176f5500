"""What a host knows of the account by which somebody is connected over SSH."""
from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Iterator, List, Optional, Sequence, Tuple

from . import files
from .caller import Caller
from .errors import Failed
from .sshd_access import Account
from .sshd_config import Effective

if TYPE_CHECKING:
    import pwd


def of(caller: Caller, before: Effective, after: Effective) -> Account:
    """Under the configuration `after`; what is there of the server's keys by `before`."""
    import pwd

    try:
        entry = pwd.getpwnam(caller.user)
    except KeyError:
        return Account()
    paths = list(_key_files(entry, after))
    return Account(_groups(entry), tuple(print_ for path in paths for print_ in fingerprints(_read(path) or b"")),
                   _is_locked(caller.user), _is_strict(entry.pw_dir, paths),
                   tuple(path for path in before.get("hostkey", ()) if os.path.exists(path)))


def _groups(entry: "pwd.struct_passwd") -> Tuple[str, ...]:
    return tuple(files.group_name(gid) for gid in os.getgrouplist(entry.pw_name, entry.pw_gid))


def _key_files(entry: "pwd.struct_passwd", config: Effective) -> Iterator[str]:
    for word in " ".join(config.get("authorizedkeysfile", ())).split():
        path = word.replace("%h", entry.pw_dir).replace("%u", entry.pw_name).replace("%U", str(entry.pw_uid))
        if path != "none":
            yield os.path.join(entry.pw_dir, path.replace("%%", "%"))


def _read(path: str) -> Optional[bytes]:
    try:
        return files.read(path)
    except Failed:
        return None


def fingerprints(data: bytes) -> List[str]:
    """SHA256 of each key of an authorized_keys file, as sshd logs it."""
    found: List[str] = []
    for row in data.splitlines():
        for word in row.split():
            if word.startswith(b"AAAA"):  # each key begins with the length of the name of its kind
                try:
                    blob = base64.b64decode(word, validate=True)
                except ValueError:
                    continue
                found.append("SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("="))
    return found


def _is_locked(user: str) -> bool:
    """Whether the password is, as `passwd -l` leaves it."""
    for row in (_read("/etc/shadow") or b"").decode("utf-8", "replace").splitlines():
        parts = row.split(":")
        if len(parts) > 1 and parts[0] == user:
            return parts[1].startswith("!")
    return False


def _is_strict(home: str, paths: Sequence[str]) -> bool:
    """Whether nobody else may write to the home, to what holds the keys, and to the keys."""
    for path in {home, *paths, *(os.path.dirname(path) for path in paths)}:
        state = files.look(path)
        if state is not None and int(state.mode, 8) & 0o022:
            return False
    return True
