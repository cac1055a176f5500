"""Two processes keep hosts from one store in PostgreSQL: one works, the other stands by, and no drift is met twice."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import server, server_programs
from tests.trust.site import Site, objects_of

DOCUMENTS = """\
    state: base
    targets: all
    resources:
      - file: "{{ root }}/motd"
        content: "kept\\n"
    ---
    state: more
    targets: all
    resources:
      - file: "{{ root }}/more"
        content: "kept\\n"
    ---
    association: keep
    documents: base
    every: 1s
    damping: {repairs: 999}
    hooks:
      - command: sh -c 'cat >> hooked; echo >> hooked'
    ---
    association: other
    documents: more
    every: 1h
    """


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Path]:
    with server() as folder:
        yield folder


def control(folder: Path, *words: str) -> None:
    """pg_ctl"""
    programs = server_programs()
    assert programs is not None
    as_user = ["setpriv", "--reuid=nobody", "--clear-groups", "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_user, str(programs / "pg_ctl"), "-D", str(folder / "data"), *words], cwd=folder, check=True,
                   capture_output=True, timeout=60)


class Twin(Site):
    """One of several machines with the same project and the same store; its host is a folder of this machine."""

    def __init__(self, folder: Path, root: Path, store: str) -> None:
        super().__init__(folder, {"HOLDFAST_STORE": store})
        folder.mkdir()
        self.write(DOCUMENTS)
        host = f"{{channel: local, folder: {root}/memory, vars: {{root: {root}}}}}"
        self.write(f"inventory: here\nhosts:\n  h1: {host}\n", "inventory/hosts.yml")

    def said(self) -> list[dict[str, Any]]:
        """What `enforce` has told until now."""
        return list(objects_of((self.folder / "said").read_text())) if (self.folder / "said").exists() else []

    def enforce(self, *words: str) -> subprocess.Popen[str]:
        with (self.folder / "said").open("a") as stream:
            return subprocess.Popen([*self.command("enforce", "--json", *words)], cwd=self.folder, stdout=stream,
                                    stderr=subprocess.STDOUT, text=True, env=self.around({}), stdin=subprocess.DEVNULL)


def told(*sites: Site) -> list[dict[str, Any]]:
    """What the hooks have been told."""
    paths = [site.folder / "hooked" for site in sites]
    return [one for path in paths if path.exists() for one in objects_of(path.read_text())]


def until(holds: Callable[[], Any]) -> None:
    last = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < last, "it does not come"
        time.sleep(0.1)


def test_the_second_stands_by_and_takes_over_when_the_first_dies(tmp_path: Path, postgresql: Path) -> None:
    store = f"postgresql://holdfast@/postgres?host={postgresql}"
    root = tmp_path / "host"
    (root / "memory").mkdir(parents=True)
    first, second = (Twin(tmp_path / name, root, store) for name in ("first", "second"))
    motd = root / "motd"
    working = first.enforce()
    until(lambda: [one for one in first.said() if one["event"] == "round_done" and one["association"] == "other"])
    waiting = second.enforce()
    try:
        until(lambda: len([one for one in second.said() if one["event"] == "stands_by"]) == 2)
        stands, = [one for one in second.said() if one["event"] == "stands_by" and one["association"] == "keep"]
        assert stands["process"] == working.pid and "@" in stands["who"] and time.time() - stands["since"] < 60
        once = second.run("enforce", "keep", "--once")
        assert once.code == 2 and f"keep is kept by process {working.pid} of {stands['who']}" in once.text, once.text
        shown = second.run("enforce", "--status", "--json").of("keeper", association="keep")
        assert [one["process"] for one in shown] == [working.pid]
        only = second.run("enforce", "other", "--status", "--json")
        assert {one["association"] for kind in ("standing", "keeper") for one in only.of(kind)} == {"other"}
        wrong = second.run("enforce", "othr", "--status")
        assert wrong.code == 2 and "did you mean `other`?" in wrong.text
        motd.write_text("mine\n")
        until(lambda: [one for one in first.said() if one["event"] == "healed" and one.get("cause") == "corrective"])
        control(postgresql, "stop", "-m", "immediate")
        motd.write_text("mine again\n")
        until(lambda: [one for site in (first, second) for one in site.said() if one["event"] == "refused"])
        control(postgresql, "start", "-w", "-l", str(postgresql / "log"), "-o",
                f"-c listen_addresses='' -k {postgresql} -F")
        until(lambda: motd.read_text() == "kept\n")
        assert working.poll() is waiting.poll() is None and not [
            one for one in second.said() if one["event"] in ("drift", "healed", "round_done")], "it only stands by"

        until(lambda: len(told(first, second)) == 4)
        motd.write_text("mine once more\n")
        os.kill(working.pid, signal.SIGKILL)
        working.communicate()
        until(lambda: len([one for one in second.said() if one["event"] == "taken_over"]) == 2)
        until(lambda: motd.read_text() == "kept\n")
        until(lambda: len({one["delivery"] for one in told(first, second)}) == 6)
        events = {one["delivery"]: one["event"] for one in told(first, second)}
        assert sorted(events.values()) == ["drift"] * 3 + ["healed"] * 3
        assert len(told(first, second)) <= 7, "once more, and under its own number, only what was in hand at the kill"
        rounds = [one for one in second.said() if one["event"] == "round_done" and one["association"] == "other"]
        assert not rounds, "what is due in an hour is not begun anew by who takes over"
    finally:
        for one in (working, waiting):
            one.terminate()
            one.communicate(timeout=60)
    assert waiting.returncode == 0
    assert second.run("enforce", "--status", "--json").of("keeper") == [], "who ends in order lets go at once"


def test_two_processes_keep_an_association_each(tmp_path: Path, postgresql: Path) -> None:
    store = f"postgresql://holdfast@/template1?host={postgresql}"
    root = tmp_path / "host"
    (root / "memory").mkdir(parents=True)
    first, second = (Twin(tmp_path / name, root, store) for name in ("first", "second"))
    working, also = first.enforce("keep"), second.enforce("other")
    try:
        until(lambda: (root / "motd").exists() and (root / "more").exists())
        assert not [one for site in (first, second) for one in site.said() if one["event"] == "stands_by"]
        until(lambda: {one["process"] for one in first.run("enforce", "--status", "--json").of("keeper")}
              == {working.pid, also.pid})
    finally:
        for one in (working, also):
            one.terminate()
            one.communicate(timeout=60)
