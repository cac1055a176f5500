"""systemd's units for enforcement and for pulling, made for where Holdfast and the project are."""
from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

ENFORCE = """\
[Unit]
Description=Holdfast keeps hosts as {folder} declares them
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart={command}
WorkingDirectory={folder}
Restart=on-failure
RestartSec=10
KillSignal=SIGTERM
TimeoutStopSec=15min

[Install]
WantedBy=multi-user.target"""


def enforce_unit(folder: Path, words: Iterable[str]) -> list[str]:
    """The service that runs `holdfast enforce` in a project's folder. words: what stands behind `enforce`."""
    command = " ".join(map(quoted, [program(), "-C", str(folder), "enforce", *words]))
    return ENFORCE.format(command=command, folder=str(folder).replace("%", "%%")).splitlines()


def program() -> str:
    """The holdfast command of this installation."""
    return str(Path(sys.executable).parent / "holdfast")


def quoted(word: str) -> str:
    """A word of a command line in a unit (systemd.service(5), "Command lines")."""
    said = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return f'"{said}"' if not said or any(letter in said for letter in " \t'\";") else said
