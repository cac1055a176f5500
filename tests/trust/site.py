"""A user's project folder, with the real command on real hosts."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOLDFAST = str(Path(sys.executable).parent / "holdfast")


@dataclass(frozen=True)
class Said:
    """How a command ended. objects: what `--json` printed."""

    code: int
    text: str
    objects: tuple[dict[str, Any], ...] = ()

    def of(self, event: str, **wanted: Any) -> list[dict[str, Any]]:
        """The objects of this event with these fields."""
        return [one for one in self.objects if one.get("event") == event
                and all(one.get(name) == value for name, value in wanted.items())]

    def hosts(self) -> dict[str, str]:
        """Status by host."""
        return {one["host"]: one["status"] for one in self.of("host_done")}

    def resources(self, host: str) -> dict[str, str]:
        """Status by resource."""
        return {one["id"]: one["status"] for one in self.of("resource_done", host=host)}


@dataclass
class Site:
    """The folder."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, content: str | bytes, name: str = "playbooks/site.yml") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())

    def run(self, *words: str, **environment: str) -> Said:
        """Runs `holdfast` to its end."""
        done = subprocess.run(self.command(*words), cwd=self.folder, capture_output=True, text=True, timeout=120,
                              check=False, env=self.around(environment), stdin=subprocess.DEVNULL)
        return Said(done.returncode, done.stdout + done.stderr, objects_of(done.stdout))

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Starts `holdfast`."""
        return subprocess.Popen(self.command(*words), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env=self.around(environment), stdin=subprocess.DEVNULL)

    def command(self, *words: str) -> list[str]:
        return [HOLDFAST, *words]

    def around(self, environment: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, **self.environment, **environment}


def objects_of(text: str) -> tuple[dict[str, Any], ...]:
    """What `--json` printed; nothing of other output."""
    return tuple(json.loads(line) for line in text.splitlines() if line.startswith("{"))
