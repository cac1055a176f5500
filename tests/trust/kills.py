"""Hosts whose files are known beforehand, and points at which a run on them is killed.

A round gives every file another content, makes or removes some, notifies a command and runs another one once. After a
kill each file must be as the round before left it or as this one wants it.
"""
from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import re
import shlex
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

import holdfast
from tests.lab import Lab, LabHost
from tests.trust.site import HOLDFAST, Said, Site, objects_of
from tests.waiting import until

FILES = 20
ONCE, TELL = "command: once", "command: tell"
NOT_KNOWN = "begun earlier in this run, and its end is not known: it is not done twice"
MEMORY = frozenset({"mmap", "munmap", "brk", "mprotect", "futex", "madvise", "mremap", "rt_sigaction", "rt_sigprocmask",
                    "execve", "exit_group", "exit"})  # calls at which nothing can be seen
CALL = re.compile(r"(?:(\d+) +)?(\w+)\((.*)")

State = Mapping[str, tuple[str, str]]  # by path below the root: mode and content; "link" and where it leads


@dataclass(frozen=True)
class Place:
    """A host's files. root, memory: what is declared, and what the runner keeps, as seen from here; called: the root as
    the host calls it."""

    name: str
    root: Path
    memory: Path
    called: str

    def look(self) -> State:
        """All that is below the root, but for what the two commands write."""
        seen = {str(path.relative_to(self.root)): _seen(path) for path in self.root.glob("d/**/*")}
        return {path: one for path, one in seen.items() if one is not None}

    def has(self, path: str, number: int) -> bool:
        """Whether one file is as a round wants it. While a run goes on nothing else holds still."""
        return _seen(self.root / path) == wanted(number)[path]

    def said(self, word: str, number: int) -> int:
        """How often a command ran in a round."""
        path = self.root / word
        return path.read_text().split().count(str(number)) if path.exists() else 0

    def owed(self) -> object:
        """What the host itself says that it owes."""
        path = self.memory / "owed.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def is_idle(self) -> bool:
        """Whether no runner holds the host."""
        try:
            with (self.memory / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def debris(self) -> list[str]:
        """What only an unfinished run may leave."""
        kept = self.memory.parent if self.memory.parent == self.root else self.memory
        return sorted({str(path) for folder in (self.root, kept) for path in folder.rglob("*")
                       if path.name.endswith(".holdfast") or path.name.startswith("confirm-")
                       or path.parent.name == "journal"})


def _seen(path: Path) -> tuple[str, str] | None:
    """Mode and content of one and the same file, or nothing: while a run goes on another one may take its place."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return "link", os.readlink(path)
    try:
        is_folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        bits = f"{stat.S_IMODE(os.fstat(opened).st_mode):04o}"
        return bits, "directory" if is_folder else Path(f"/proc/self/fd/{opened}").read_text()
    finally:
        os.close(opened)


def wanted(number: int) -> State:
    """What is below the root after a round; nothing after round 0."""
    if not number:
        return {}
    found = {f"d/f{i:02}": (_mode(number, i), _text(number, i)) for i in range(FILES)}
    if number % 2:
        found |= {f"d/g{i}": ("0644", "here\n") for i in range(4)}
        found["d/made"] = ("0700", "directory")
    found["d/large"] = ("0644", large(number))
    found["d/link"] = ("link", f"f{number % 3:02}")
    found["d/lines"] = ("0644", f"round {number}\n")
    return found


def large(number: int) -> str:
    """A content that travels by itself."""
    return f"{number}" * 300_000


def _mode(number: int, i: int) -> str:
    return "0600" if (number + i) % 3 == 0 else "0644"


def _text(number: int, i: int) -> str:
    return f"round {number}, file {i}\n" * (1 + 4 * i)


def document(number: int, pause_s: float = 0) -> str:
    """What makes it so. pause_s: how long some resources take that only look."""
    there = "present" if number % 2 else "absent"
    resources: list[dict[str, object]] = [{"directory": "{{ root }}/d"}]
    for i in range(FILES):
        resources.append({"file": f"{{{{ root }}}}/d/f{i:02}", "content": _text(number, i), "mode": _mode(number, i),
                          **({"notify": {"command": "tell"}} if i % 3 == 0 else {})})
        if i == FILES // 2:
            resources.append({"command": "once", "argv": ["sh", "-c", f"echo {number} >> {{{{ root }}}}/once"],
                              "always": True})
        if pause_s and i % 4 == 1:
            resources.append({"command": f"pause {i}", "argv": ["sleep", str(pause_s)], "read_only": True})
    resources += [{"file": f"{{{{ root }}}}/d/g{i}", **({"content": "here\n"} if number % 2 else {}), "state": there}
                  for i in range(4)]
    resources += [
        {"directory": "{{ root }}/d/made", "state": there, **({"mode": "0700"} if number % 2 else {})},
        {"file": "{{ root }}/d/large", "source": "large.txt"},
        {"link": "{{ root }}/d/link", "to": f"f{number % 3:02}"},
        {"line": "number", "path": "{{ root }}/d/lines", "match": "^round", "text": f"round {number}", "create": True},
        {"command": "tell", "argv": ["sh", "-c", f"echo {number} >> {{{{ root }}}}/told"], "on_notify": True}]
    return yaml.safe_dump({"state": "site", "targets": "all", "resources": resources}, sort_keys=False)


@dataclass(frozen=True)
class Point:
    """A system call: SIGKILL comes when it is called for the `when`th time."""

    call: str
    when: int

    def options(self) -> list[str]:
        return ["-e", f"trace={self.call}", "-e", f"inject={self.call}:signal=SIGKILL:when={self.when}"]


def points(log: Path, mark: str, chance: random.Random, count: int) -> list[Point]:
    """Points of a run that strace has written down, each kind of call as likely as another, from the first call on
    whose line the mark is."""
    counts: Counter[tuple[str, str]] = Counter()
    found: dict[str, list[Point]] = {}
    is_after = False
    for line in log.read_text("utf-8", "replace").splitlines():
        match = CALL.match(line)
        if match is None:
            continue
        thread, call = match[1] or "", match[2]
        counts[thread, call] += 1
        is_after = is_after or mark in line
        if is_after and call not in MEMORY:
            found.setdefault(call, []).append(Point(call, counts[thread, call]))
    assert found, f"{mark} is not in the log of a whole run"
    return [chance.choice(found[chance.choice(sorted(found))]) for _ in range(count)]


class Fleet:
    """A project folder and its hosts, in rounds. chance: where the points come from; its seed is named on failure."""

    def __init__(self, site: Site, places: Sequence[Place], pause_s: float = 0) -> None:
        self.site, self.places, self.pause_s = site, places, pause_s
        self.number = 0
        self.run = ""

    # -- a round -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The next round's documents."""
        self.number += 1
        self.site.write(document(self.number, self.pause_s))
        self.site.write(large(self.number), "playbooks/large.txt")

    def whole(self, *words: str) -> None:
        """A round that nobody disturbs."""
        self.begin()
        done = self.site.run("apply", "--json", *words)
        assert done.code == 0, done.text
        for place in self.places:
            assert place.look() == wanted(self.number), place.name
        self.run = self.newest()

    def check_halves(self) -> None:
        """No file is anything but old or new."""
        states = [wanted(self.number - 1), wanted(self.number)]
        for place in self.places:
            found = place.look()
            for path in {*found, *states[0], *states[1]}:
                if not path.endswith(".holdfast"):
                    assert found.get(path) in [state.get(path) for state in states], f"{place.name}: {path} is neither"

    def resume(self, *words: str) -> None:
        """Takes the run up until it is whole, and checks all that was promised. words: more for the commands."""
        until(lambda: all(place.is_idle() for place in self.places))
        known = dict.fromkeys([place.name for place in self.places], True)
        newest = self.newest()
        if newest == self.run:  # it ended before it was stored
            self.check_untouched()
            known |= self.check_results(self.site.run("apply", "--json", *words))
        else:
            done = self.site.run("apply", "--resume", newest, "--json", *words)
            assert done.hosts() or "nothing is left to do" in done.text, done.text
            known |= self.check_results(done)
        self.check_whole(known)
        self.check_shown(known)
        self.check_settled()

    def newest(self) -> str:
        """The id of the newest run that was to change something; "": there is none."""
        with holdfast.load(self.site.folder) as project:
            return next((run.id for run in project.store.runs() if run.mode == "apply"), "")

    def check_untouched(self) -> None:
        """No host is touched by a run that is not stored."""
        for place in self.places:
            assert place.look() == wanted(self.number - 1), place.name
            assert not place.said("once", self.number), place.name

    def check_whole(self, known: Mapping[str, bool]) -> None:
        for place in self.places:
            found, new = place.look(), wanted(self.number)
            wrong = sorted(path for path in {*found, *new} if found.get(path) != new.get(path))
            assert not wrong, f"{place.name}: {wrong}"
            assert place.said("told", self.number) >= 1, f"{place.name}: the notification is lost"
            assert place.owed() == {}, place.name
            times = place.said("once", self.number)
            assert times == 1 if known[place.name] else times <= 1, f"{place.name}: once ran {times} times"

    def check_undone(self) -> None:
        """All is as before the round, and whoever was notified of it has been notified of its end."""
        for place in self.places:
            assert place.look() == wanted(self.number - 1), place.name
            assert place.said("told", self.number) >= 2, f"{place.name}: the notification is lost"
            assert place.owed() == {}, place.name

    def check_told_back(self) -> None:
        """A host that is not what the run made of it any more is not shown as if it were. One that died before the run
        was through is shown as interrupted, with what it did not get to."""
        run = self.newest()
        self.site.run("drift")  # a contact, which collects
        shown = self.site.run("runs", "show", run, "--json")
        for place in self.places:
            if place.look() != wanted(self.number):
                told, = shown.of("host_done", host=place.name)
                done = sum(told["counts"].get(status, 0) for status in ("ok", "changed"))
                is_told = told["status"] == "failed" and "taken back" in told["message"]
                assert is_told or (told["status"] == "interrupted" and done < self.size()), shown.text

    def check_results(self, done: Said) -> dict[str, bool]:
        """By host whether it is known what became of the once-only command; all else must be well."""
        known = {}
        for host, status in done.hosts().items():
            if status == "failed":
                bad = [one for one in done.of("resource_done", host=host) if one["status"] not in ("ok", "changed")]
                assert [(one["id"], one.get("message")) for one in bad] == [(ONCE, NOT_KNOWN)], done.text
                known[host] = False
            else:
                known[host] = True
                assert status in ("ok", "changed"), done.text
        assert not [one for one in done.of("host_done") if one.get("owed")], done.text
        return known

    def check_shown(self, known: Mapping[str, bool]) -> None:
        """The run has a result for each resource of each host: each that a round changes is told as changed, but for
        the one that was in hand at the kill."""
        shown = self.site.run("runs", "show", self.newest(), "--json")
        for place in self.places:
            counts = dict(shown.of("host_done", host=place.name)[0]["counts"])
            assert known[place.name] or counts.pop("failed") == 1, shown.text
            assert set(counts) <= {"ok", "changed"}, shown.text
            assert sum(counts.values()) == self.size() - (not known[place.name]), shown.text
            lost = self.changing() - counts["changed"]
            assert lost <= 1, f"{place.name}: {lost} results are lost\n{shown.text}"

    def size(self) -> int:
        """Resources of a host."""
        return document(self.number, self.pause_s).count("\n- ")

    def changing(self) -> int:
        """Resources of a host that are another in each round: all but those that only look, and the folder."""
        return self.size() - document(self.number, self.pause_s).count("read_only: true") - 1

    def check_settled(self) -> None:
        """Applied again nothing changes but what always does, and nothing is left lying about."""
        before = {place.name: place.said("once", self.number) for place in self.places}
        done = self.site.run("apply", "--json")
        for place in self.places:
            changed = [id for id, status in done.resources(place.name).items() if status != "ok"]
            assert changed == [ONCE], f"{place.name}: {changed}\n{done.text}"
            assert place.said("once", self.number) == before[place.name] + 1
            assert not place.debris(), f"{place.name}: {place.debris()}"
        self.run = self.newest()


# -- hosts that are folders of this machine ----------------------------------------------------------------------


class LocalFleet(Fleet):
    """Hosts over the local channel. The interpreter that their runner is started with may be watched or killed."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        places = [Place(f"h{i:02}", folder / f"h{i:02}", folder / f"h{i:02}" / "memory", str(folder / f"h{i:02}"))
                  for i in range(count)]
        site = Site(folder / "site")
        super().__init__(site, places)
        for place in places:
            place.memory.mkdir(parents=True, mode=0o700)
            self.arm(place)
        site.write(yaml.safe_dump({"inventory": "folders", "hosts": {place.name: {
            "channel": "local", "folder": str(place.memory), "python": str(self._python(place)),
            "vars": {"root": place.called}} for place in places}}, sort_keys=False), "inventory/site.yml")

    def arm(self, place: Place, options: Sequence[str] = (), *, is_once: bool = False) -> None:
        """How runners of a host are started: by themselves, or under strace with these options. is_once: one is, and
        then no more."""
        log, shut = self.log(place), self.folder / f"{place.name}.shut"
        under = ["strace", "-o", str(log), *options] if options else []
        door = f"mkdir {shut} || exit 1\n" if is_once else ""
        log.unlink(missing_ok=True)
        if shut.exists():
            shut.rmdir()
        self._python(place).write_text(f'#!/bin/sh\n{door}exec {shlex.join([*under, sys.executable])} "$@"\n')
        self._python(place).chmod(0o755)

    def log(self, place: Place) -> Path:
        """What strace said of its runner."""
        return self.folder / f"{place.name}.log"

    def _python(self, place: Place) -> Path:
        return self.folder / f"{place.name}.python"

    def recorded(self, *words: str, is_once: bool = False) -> Path:
        """All calls of the first host's runner while `holdfast` does this, undisturbed."""
        first, *others = self.places
        self.arm(first, ["-e", "trace=all"], is_once=is_once)
        for place in others:
            self.arm(place, is_once=is_once)
        self.site.run(*words)
        until(lambda: all(place.is_idle() for place in self.places))
        kept = self.log(first).rename(self.folder / "recorded")
        self.disarm()
        return kept

    def killed(self, chosen: Sequence[Point], *words: str, is_once: bool = False) -> int:
        """`holdfast` with these words, each host's runner killed at a point of its own; how many were."""
        for place, point in zip(self.places, chosen, strict=True):
            self.arm(place, point.options(), is_once=is_once)
        self.site.run(*words)
        until(lambda: all(place.is_idle() for place in self.places))
        hits = sum(was_killed(self.log(place)) for place in self.places)
        self.disarm()
        return hits

    def disarm(self) -> None:
        """Nobody is killed from now on."""
        for place in self.places:
            self.arm(place)

    def controller(self, log: Path, options: Sequence[str], *words: str) -> Said:
        """`holdfast` under strace, with all its threads, but not what it starts."""
        done = subprocess.run(["strace", "-f", "-b", "execve", "-o", str(log), *options, HOLDFAST, *words],
                              cwd=self.site.folder, capture_output=True, text=True, timeout=120, check=False,
                              env=self.site.around({}), stdin=subprocess.DEVNULL)
        return Said(done.returncode, done.stdout + done.stderr, objects_of(done.stdout))


# -- hosts of the lab --------------------------------------------------------------------------------------------


class LabFleet(Fleet):
    """Hosts over SSH."""

    ROOT = "/root/tree"

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.lab = lab
        super().__init__(Site(folder), [Place(name, host.rootfs / self.ROOT[1:], host.rootfs / "var/lib/holdfast",
                                              self.ROOT) for name, host in lab.hosts.items()], pause_s=0.05)
        known = yaml.safe_load(lab.inventory())
        for keys in known["hosts"].values():
            keys |= {"alive_s": 1, "vars": {"root": self.ROOT}}
        self.site.write(yaml.safe_dump(known, sort_keys=False), "inventory/lab.yml")
        for place in self.places:
            place.root.mkdir(parents=True)

    def cut(self, trouble: Mapping[str, tuple[int, Callable[[LabHost], object]]]) -> int:
        """`holdfast apply`; by host: what is done to it when its file of this number is there. How many were lost."""
        waiting = {place: trouble[place.name] for place in self.places}
        with self.site.start("apply", "--json") as running:
            while running.poll() is None:
                for place, (number, deed) in list(waiting.items()):
                    if place.has(f"d/f{number:02}", self.number):
                        del waiting[place]
                        deed(self.lab.hosts[place.name])
                time.sleep(0.005)
            out, _ = running.communicate()
        for host in self.lab.hosts.values():
            host.recover()
        return list(Said(running.returncode, out, objects_of(out)).hosts().values()).count("unreachable")


def was_killed(log: Path) -> bool:
    """Whether strace saw the end that it brought."""
    return log.exists() and "killed by SIGKILL" in log.read_text("utf-8", "replace")
