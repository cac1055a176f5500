"""How long `explain` takes: in a project that is loaded, and as the command, with and without what it remembers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import yaml

import holdfast as api
from tests.bench import holdfast
from tests.bench.figures import Target
from tests.bench.measure import Bench
from tests.bench.tool import CannotMeasure

RESOURCES = 100
TIMES = 11
MOST_MS = 50
LIMIT_S = 30.0
RESOURCE, OTHER = "file: /etc/app/7.conf", "file: /etc/app/8.conf"
SETTLE_S = 0.1  # what was written a moment ago is not yet remembered


def measured(bench: Bench, say: Callable[[str], None]) -> list[Target]:
    """Medians. Raises CannotMeasure."""
    folder = bench.home / "explaining"
    folder.mkdir()
    (folder / "hosts.yml").write_text("inventory: x\nhosts:\n  web01: {vars: {site: example.org}}\n")
    (folder / "site.yml").write_text(yaml.safe_dump(document(), sort_keys=False))
    explain = (str(holdfast.program()), "-i", "hosts.yml", "explain", "web01")
    loaded_ms = in_process(folder)
    start_ms = as_command((sys.executable, "-c", "pass"), folder)
    first_ms = as_command((*explain, RESOURCE, "site.yml"), folder, touched=folder / "site.yml")
    as_command((*explain, OTHER, "site.yml"), folder)  # from here on the host is known
    again_ms = as_command((*explain, RESOURCE, "site.yml"), folder)
    say(f"explain: {loaded_ms:.0f} ms; a command {first_ms:.0f} ms, {again_ms:.0f} ms when nothing has changed, "
        f"{start_ms:.0f} ms for Python to start")
    what = f"explain, one of {RESOURCES} resources"
    bare = f"a bare Python: {start_ms:.0f} ms"
    return [
        Target(f"{what}, from Python, in a loaded project", loaded_ms, MOST_MS, "ms"),
        Target(f"{what}, the command, the first time after a change ({bare})", first_ms, MOST_MS, "ms"),
        Target(f"{what}, the command, when another was explained before ({bare})", again_ms, MOST_MS, "ms"),
    ]


def document() -> dict[str, object]:
    """Each content is of variables of the document and of the host."""
    files = [
        {"file": f"/etc/app/{number}.conf", "content": "{{ greeting }} {{ site }} {{ inventory_hostname }}\n"}
        for number in range(RESOURCES)
    ]
    return {"state": "site", "targets": "all", "vars": {"greeting": "hello"}, "resources": files}


def in_process(folder: Path) -> float:
    """Milliseconds of one call."""
    took = []
    with api.load_contents(folder, inventory=[folder / "hosts.yml"]) as project:
        for _ in range(TIMES):
            start = time.perf_counter()
            project.explain("web01", RESOURCE, folder / "site.yml")
            took.append(time.perf_counter() - start)
    return median(took) * 1000


def as_command(argv: tuple[str, ...], folder: Path, touched: Path | None = None) -> float:
    """Milliseconds of one process. touched: a file that has changed before each. Raises CannotMeasure."""
    took = []
    for _ in range(TIMES):
        time.sleep(SETTLE_S)
        if touched:
            touched.touch()
        start = time.perf_counter()
        done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=LIMIT_S, check=False)
        took.append(time.perf_counter() - start)
        if done.returncode:
            raise CannotMeasure(f"explain: exit code {done.returncode}: {done.stderr.decode()[-500:]}")
    return median(took) * 1000
