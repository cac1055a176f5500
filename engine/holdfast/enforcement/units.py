"""systemd's units for enforcement and for pulling, made for where Holdfast and the project are."""
from __future__ import annotations

import pwd
import sys
from collections.abc import Iterable
from pathlib import Path

ENVIRONMENT = "/etc/holdfast/environment"  # what is secret: units are read by all

ENFORCE = """\
[Unit]
Description=Holdfast keeps hosts as {folder} declares them
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User={user}
ExecStart={command}
WorkingDirectory={folder}
EnvironmentFile=-{environment}
Restart=on-failure
RestartSec=10
KillMode=mixed
TimeoutStopSec=15min
{sandbox}
[Install]
WantedBy=multi-user.target"""
SANDBOX = """\
NoNewPrivileges=true
ProtectSystem=full
ReadWritePaths={folder}
PrivateTmp=true
PrivateDevices=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectControlGroups=true
RestrictSUIDSGID=true
LockPersonality=true
"""
NO_SANDBOX = """\
# This machine is one of the hosts, so nothing here is closed to it.
"""


def enforce_unit(folder: Path, words: Iterable[str], *, is_host_here: bool) -> list[str]:
    """The service that runs `holdfast` with these words in a project's folder, as its owner. is_host_here: this machine
    is one of the hosts that it keeps."""
    said = str(folder).replace("%", "%%")
    command = " ".join(map(quoted, [program(), "-C", str(folder), *words]))
    sandbox = NO_SANDBOX if is_host_here else SANDBOX.format(folder=quoted(str(folder)).replace("$$", "$"))
    return ENFORCE.format(command=command, folder=said, environment=ENVIRONMENT, user=_owner(folder),
                          sandbox=sandbox).splitlines()


def program() -> str:
    """The holdfast command of this installation."""
    return str(Path(sys.executable).parent / "holdfast")


def quoted(word: str) -> str:
    """A word of a command line in a unit (systemd.service(5), "Command lines")."""
    said = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return f'"{said}"' if not said or any(letter in said for letter in " \t'\";") else said


def _owner(folder: Path) -> str:
    uid = folder.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
