"""Recorded runs as the executor would tell them, for the tests of the store, the reports and the command line."""
from __future__ import annotations

from collections.abc import Iterator

from holdfast.executor.model import (
    Happening,
    HostDone,
    HostResult,
    HostStarted,
    Noticed,
    OutputCame,
    ResourceDone,
    Result,
    RunDone,
    RunStarted,
)
from holdfast.problems import Place
from holdfast_host.graph import Event

STARTED = 1_795_493_700.0  # 2026-11-24 04:15:00 UTC
DIFF = "@@ -1,2 +1,2 @@\n user www-data;\n-worker_processes 1;\n+worker_processes auto;\n"


def place(line: int, file: str = "playbooks/webs.yml") -> Place:
    return Place(file, line, 5, 7)


def ok(node: int, id_: str) -> Result:
    return Result(id_, place(10 + node), Event(node, "ok", took_ms=1))


def changed(node: int, id_: str, status: str = "changed", **more: object) -> Result:
    return Result(id_, place(10 + node), Event(node, status, **{"action": "update", "took_ms": 40, **more}))


def failed(node: int, id_: str, message: str, **more: object) -> Result:
    return Result(id_, place(10 + node),
                  Event(node, "failed", **{"error": "Failed", "message": message, "took_ms": 900, **more}))


def skipped(node: int, id_: str, because: str) -> Result:
    return Result(id_, place(10 + node), Event(node, "skipped", message=f"needs {because}, which failed"))


def web(name: str, mode: str = "apply") -> HostResult:
    """A web server that changes: one package, one file with a text diff and a mode, one restart."""
    does = "changed" if mode == "apply" else "pending"
    return HostResult(name, does, (
        changed(0, "package: nginx", does, action="install", fields=(("version", None, "1.22.1-9"),)),
        changed(1, "template: /etc/nginx/nginx.conf", does, fields=(("mode", "0600", "0644"),),
                diffs=(("content", DIFF),)),
        ok(2, "directory: /srv/www"),
        changed(3, "service: nginx", does, action="restart",
                refreshed="restart: template: /etc/nginx/nginx.conf changed"),
    ), graph="ab" * 32, seconds=2.5)


def broken(name: str) -> HostResult:
    """A web server whose service does not start."""
    return HostResult(name, "failed", (
        changed(0, "package: nginx", action="install", fields=(("version", None, "1.22.1-9"),)),
        failed(1, "service: nginx", "Job for nginx.service failed",
               mend="see `journalctl -u nginx` there"),
        skipped(2, "http_check: http://localhost/", "service: nginx"),
    ), owed=(("service: nginx", "2026-11-24T04:15:02Z", "template: /etc/nginx/nginx.conf changed"),), seconds=3.0)


def quiet(name: str) -> HostResult:
    return HostResult(name, "ok", (ok(0, "package: nginx"), ok(1, "service: nginx")), seconds=0.4)


def gone(name: str) -> HostResult:
    return HostResult(name, "unreachable", message="no route to 10.0.0.9 port 22", mend="is the host up?", seconds=10.0)


THREE = (web("web001"), quiet("web002"), broken("db1"))


def happenings(results: tuple[HostResult, ...] = THREE, mode: str = "apply", stopped: str = "",
               run: str = "20261124-041500-ab12") -> Iterator[Happening]:
    """All that happens in such a run, host after host."""
    yield RunStarted(run, mode, tuple(r.host for r in results), "ann@desk", STARTED)  # type: ignore[arg-type]
    for result in results:
        if result.status == "untouched":
            continue
        yield HostStarted(result.host, len(result.results))
        for one in result.results:
            if one.id.startswith("command"):
                yield OutputCame(result.host, one.id, "stdout", "hello\n")
            yield ResourceDone(result.host, one)
        if result.owed:
            yield Noticed(result.host, "a restart of service: nginx is owed")
        yield HostDone(result)
    yield RunDone(run, results, stopped, 12.5)


def fleet() -> tuple[HostResult, ...]:
    """3,000 hosts: 2,400 change alike, 540 are in state, 40 fail alike, 12 cannot be reached, 8 were never touched."""
    return (*(web(f"web{n:04}") for n in range(1, 2401)), *(quiet(f"app{n:03}") for n in range(1, 541)),
            *(broken(f"db{n:02}") for n in range(1, 41)), *(gone(f"old{n:02}") for n in range(1, 13)),
            *(HostResult(f"spare{n}", "untouched") for n in range(1, 9)))
