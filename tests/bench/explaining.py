"""How long `explain` takes: in a project that is loaded, and as the command, which Python starts anew each time."""

from __future__ import annotations

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
from tests.bench.tool import CannotMeasure, Command

RESOURCES = 100
TIMES = 11
MOST_MS = 50
LIMIT_S = 30.0
RESOURCE = "file: /etc/app/7.conf"


def measured(bench: Bench, say: Callable[[str], None]) -> list[Target]:
    """Medians. Raises CannotMeasure."""
    folder = bench.home / "explaining"
    folder.mkdir()
    (folder / "hosts.yml").write_text("inventory: x\nhosts:\n  web01: {vars: {site: example.org}}\n")
    (folder / "site.yml").write_text(yaml.safe_dump(document(), sort_keys=False))
    loaded_ms = in_process(folder)
    start_ms = as_command(bench, (sys.executable, "-c", "pass"), folder)
    whole_ms = as_command(
        bench, (str(holdfast.program()), "-i", "hosts.yml", "explain", "web01", RESOURCE, "site.yml"), folder
    )
    say(f"explain: {loaded_ms:.0f} ms, as a command {whole_ms:.0f} ms, of these {start_ms:.0f} ms for Python to start")
    what = f"explain, one of {RESOURCES} resources"
    return [
        Target(f"{what}, from Python, in a loaded project", loaded_ms, MOST_MS, "ms"),
        Target(f"{what}, the command from start to end (a bare Python: {start_ms:.0f} ms)", whole_ms, MOST_MS, "ms"),
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


def as_command(bench: Bench, argv: tuple[str, ...], folder: Path) -> float:
    """Milliseconds of one process."""
    done = [bench.run(Command(argv, folder), [], LIMIT_S) for _ in range(TIMES)]
    failed = next((one for one in done if one.code), None)
    if failed:
        raise CannotMeasure(f"explain: exit code {failed.code}: {failed.output[-500:]}")
    return median(one.wall_s for one in done) * 1000
