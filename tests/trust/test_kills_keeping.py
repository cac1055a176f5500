"""kill -9 at random points of `holdfast enforce` and `holdfast pull`: no half-written file, nothing lost, nothing told
twice, and the next one catches up.

HOLDFAST_KILLS and HOLDFAST_KILLS_SEED are those of test_kills.py.
"""
from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.trust.kills import Place, points, was_killed
from tests.trust.site import HOLDFAST, Said, Site, objects_of
from tests.trust.test_kills import POINTS, SEED, rounds
from tests.waiting import until

OF_ENFORCE, OF_PULL = POINTS * 4 // 200, POINTS * 3 // 200
SIZE = 100_000  # of a file, so that it takes more than one write
DOCUMENTS = """\
    state: base
    targets: all
    resources:
      - file: "{{{{ root }}}}/kept"
        source: large.txt
    ---
    association: keep
    documents: base
    every: 1h
    damping: {{repairs: 99999}}
    hooks:
      - command: sh -c 'cat >> {told}; echo >> {told}'
    """


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Where the points come from; each test has its own."""
    print(f"HOLDFAST_KILLS_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


class Kept:
    """A project, its one host, which is a folder of this machine, and the file that it is to have."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder, Site(folder / "site")
        self.root, self.told_at = folder / "host", folder / "told"
        self.file = self.root / "kept"
        self.place = Place("h1", self.root, self.root / "memory", str(self.root))
        self.place.memory.mkdir(parents=True, mode=0o700)
        self.site.write(DOCUMENTS.format(told=self.told_at))
        self.site.write(f"inventory: here\nhosts:\n  h1: {{channel: local, folder: {self.place.memory}, "
                        f"vars: {{root: {self.root}}}}}\n", "inventory/hosts.yml")

    def declare(self, number: int) -> str:
        """The file is to have another content now."""
        text = f"{number:09}\n" * (SIZE // 10)
        self.site.write(text, "playbooks/large.txt")
        return text

    def traced(self, log: Path, options: Sequence[str], *words: str) -> Said:
        """`holdfast` under strace, with all its threads, but not what it starts; then what it started has ended."""
        done = subprocess.run(["strace", "-f", "-b", "execve", "-o", str(log), *options, HOLDFAST, *words],
                              cwd=self.site.folder, capture_output=True, text=True, timeout=120, check=False,
                              env=self.site.around({}), stdin=subprocess.DEVNULL)
        until(self.place.is_idle)
        return Said(done.returncode, done.stdout + done.stderr, objects_of(done.stdout))

    def told_of_drifts(self) -> dict[str, tuple[str, float]]:
        """(event, when it was first seen) by the delivery's name, under which it may be told again. What was killed may
        also be what begins a runner: then the host could not be asked, and that is told beside."""
        told = list(objects_of(self.told_at.read_text())) if self.told_at.exists() else []
        assert {event["status"] for event in told if event["event"] == "failed"} <= {"unreachable"}, told
        return {event["delivery"]: (event["event"], event["first_seen"])
                for event in told if event["event"] != "failed"}


def test_enforcement_that_is_killed(tmp_path: Path, chance: random.Random) -> None:
    kept = Kept(tmp_path)
    wanted, words = kept.declare(0), ("enforce", "--once", "--json")
    assert kept.site.run(*words).code == 0 and kept.file.read_text() == wanted
    kept.file.write_text("mine 0\n")
    log = kept.folder / "recorded"
    assert kept.traced(log, ["-e", "trace=all"], *words).code == 0 and kept.file.read_text() == wanted
    drifts = [1]

    def one() -> int:
        drifts.append(1)
        mine = f"mine {len(drifts)}\n"
        kept.file.write_text(mine)
        point, = points(log, "holdfast.db", chance, 1)
        print(len(drifts), point)
        kept.traced(kept.folder / "log", point.options(), *words)
        assert kept.file.read_text() in (mine, wanted), "half a file"
        again = kept.site.run(*words)
        assert again.code == 0 and kept.file.read_text() == wanted, again.text
        episodes = kept.site.run("drift", "--history", "--json").of("episode", cause="corrective")
        assert len(episodes) == len(drifts) and all(episode["ended"] for episode in episodes), json.dumps(episodes)
        if len(kept.told_of_drifts()) < 2 * len(drifts):  # the hook was killed: it is told again after a while
            until(lambda: kept.site.run(*words).code == 0 and len(kept.told_of_drifts()) >= 2 * len(drifts))
        assert Counter(kept.told_of_drifts().values()) == Counter(
            (event, episode["first_seen"]) for episode in episodes for event in ("drift", "healed"))
        stands, = kept.site.run("enforce", "--status", "--json").of("standing")
        assert stands["status"] == "good" and not kept.place.debris(), kept.place.debris()
        return was_killed(kept.folder / "log")

    rounds(OF_ENFORCE, one)


def test_pulls_that_are_killed(tmp_path: Path, chance: random.Random) -> None:
    kept = Kept(tmp_path)
    report, state = tmp_path / "report.json", tmp_path / "state"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (tmp_path / "trusted").write_text(f"ops {(tmp_path / 'key.pub').read_text()}")
    words = ("pull", "--from", str(kept.site.folder), "--host", "h1", "--trust", str(tmp_path / "trusted"), "--state",
             str(state), "--report", str(report), "--json")
    number = 0

    def release() -> str:
        nonlocal number
        number += 1
        text = kept.declare(number)
        assert kept.site.run("sign", "--key", str(tmp_path / "key")).code == 0
        return text

    before = release()
    assert kept.site.run(*words).code == 0 and kept.file.read_text() == before
    wanted, log = release(), kept.folder / "recorded"
    assert kept.traced(log, ["-e", "trace=all"], *words).code == 0 and kept.file.read_text() == wanted

    def one() -> int:
        before, wanted = kept.file.read_text(), release()
        point, = points(log, "/lock", chance, 1)
        print(number, point)
        kept.traced(kept.folder / "log", point.options(), *words)
        assert kept.file.read_text() in (before, wanted), "half a file"
        assert json.loads(report.read_text())["event"] == "pulled", "half a report"
        away = kept.site.folder.rename(tmp_path / "away")
        kept.site.folder.mkdir()
        offline = kept.site.run(*words)
        assert offline.code == 0 and kept.file.read_text() in (before, wanted), offline.text
        assert json.loads(report.read_text())["offline"]
        kept.site.folder.rmdir()
        away.rename(kept.site.folder)
        again = kept.site.run(*words)
        assert again.code == 0 and kept.file.read_text() == wanted and not kept.place.debris(), again.text
        assert len(list(state.glob("*/copy-*"))) <= 2, "copies do not pile up"
        (store,) = state.glob("*/holdfast.db")
        runs = kept.site.run("runs", "list", "--json", HOLDFAST_STORE=str(store))
        assert {run["status"] for run in runs.of("run")} <= {"done", "interrupted"}, runs.text
        return was_killed(kept.folder / "log")

    rounds(OF_PULL, one)
