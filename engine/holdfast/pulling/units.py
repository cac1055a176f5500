"""The systemd timer by which a host pulls."""
from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from holdfast.enforcement.units import ENVIRONMENT, program, quoted
from holdfast.problems import Problem, Problems

FOLDER = Path("/etc/systemd/system")
NAME = "holdfast-pull"
SERVICE = """\
[Unit]
Description=Holdfast makes this host what its project declares
Wants=network-online.target
After=network-online.target

# It makes this machine what the project declares, so nothing here is closed to it.
[Service]
Type=oneshot
User=root
ExecStart={command}
EnvironmentFile=-{environment}
KillMode=mixed
TimeoutStartSec=12h
TimeoutStopSec=15min
"""
TIMER = """\
[Unit]
Description=Holdfast pulls and applies, every {every}

[Timer]
OnBootSec=1min
OnUnitInactiveSec={every}
RandomizedDelaySec={splay}
FixedRandomDelay=true

[Install]
WantedBy=timers.target
"""


def units(words: Sequence[str], every_s: float, splay_s: float) -> dict[str, str]:
    """The files by name. words: what stands behind `holdfast`."""
    command = " ".join(map(quoted, [program(), *words]))
    return {f"{NAME}.service": SERVICE.format(command=command, environment=ENVIRONMENT),
            f"{NAME}.timer": TIMER.format(every=f"{every_s:g}s", splay=f"{splay_s:g}s")}


def install(files: dict[str, str]) -> None:
    """Writes them and starts the timer. Raises Problems."""
    try:
        for name, text in files.items():
            (FOLDER / f"{name}.new").write_text(text, "utf-8")
            (FOLDER / f"{name}.new").replace(FOLDER / name)
        for words in (["daemon-reload"], ["enable", "--now", f"{NAME}.timer"]):
            done = subprocess.run(["systemctl", *words], capture_output=True, text=True, timeout=60, check=False)
            if done.returncode:
                raise Problems([Problem(f"systemctl {words[0]}: {done.stderr.strip()}", None,
                                        "run as root, with systemd")])
    except OSError as error:
        raise Problems([Problem(f"{FOLDER} cannot be written: {error.strerror}", None, "run as root")]) from None
