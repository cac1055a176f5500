"""A user's project folder whose hosts are reached in the way that a test says."""
from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.lab import Lab, LabHost
from tests.trust.site import HOLDFAST, Said, Site, objects_of

MOTD = """\
    state: site
    targets: all
    resources:
      - file: /etc/motd.site
        content: hello
    """


@dataclass
class Desk(Site):
    """The folder of a user. lab: where its hosts are."""

    lab: Lab | None = None

    @classmethod
    def made(cls, folder: Path, lab: Lab) -> Desk:
        home = folder / "home"
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        desk = cls(folder, {"HOME": str(home), "SSH_AUTH_SOCK": ""}, lab)
        desk.reach(h1={})
        desk.write(MOTD)
        return desk

    @property
    def home(self) -> Path:
        return Path(self.environment["HOME"])

    def reach(self, **hosts: Mapping[str, Any]) -> None:
        """The inventory: these hosts, reached as in the lab's own but for these keys; None takes one away."""
        assert self.lab is not None
        usual = yaml.safe_load(self.lab.inventory())["hosts"]
        found = {name: {key: value for key, value in {**usual.get(name, {}), **more}.items() if value is not None}
                 for name, more in hosts.items()}
        self.write(yaml.safe_dump({"inventory": "lab", "hosts": found}, sort_keys=False), "inventory/lab.yml")

    def apply(self, *words: str, **environment: str) -> Said:
        """`holdfast apply --json` to its end."""
        return self.run("apply", "--json", *words, **environment)


def result(said: Said, host: str = "h1") -> dict[str, Any]:
    """What was said of a host at the end."""
    done, = said.of("host_done", host=host)
    return done


class Running:
    """`holdfast apply --json` under way."""

    def __init__(self, desk: Desk, *words: str) -> None:
        self._out = desk.folder / "out"
        with self._out.open("w") as out:
            self.process = subprocess.Popen([HOLDFAST, "apply", "--json", *words], cwd=desk.folder, stdout=out,
                                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=desk.around({}))

    def said(self) -> str:
        """What it has printed by now."""
        return self._out.read_text()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = 60) -> Said:
        code = self.process.wait(seconds)
        return Said(code, self.said(), objects_of(self.said()))


def has(host: LabHost, path: str) -> bool:
    """Whether a path is there; a look from outside, to wait for."""
    return (host.rootfs / path.lstrip("/")).exists()
