"""For generated pairs of document and host: the plan predicts exactly what apply then does, notifications included; the
second apply changes nothing; the plan writes nothing.

HOLDFAST_PAIRS is how many; `make soak` tries 10,000.
"""
from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from holdfast import library as shipped
from holdfast.documents.types import Types
from holdfast.problems import Problems
from holdfast_host import library
from holdfast_host.graph import Event
from tests.generated.cases import Pair, Resource, make, pair
from tests.generated.host import compile_text, run, snapshot

PAIRS = int(os.environ.get("HOLDFAST_PAIRS", "500"))
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Types]:
    modules = shipped.root() / "modules"
    place = tmp_path_factory.mktemp("types")
    (place / "holdfast_modules").symlink_to(modules.resolve())
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(place)
        patch.setattr(library, "_found", {})
        yield Types([modules])


def shown(event: Event) -> tuple[object, ...]:
    return event.action, event.fields, event.diffs, event.refreshed


def differences(planned: list[Event], done: list[Event]) -> list[str]:
    """Where apply did something else than the plan said. What comes after a failure of which the plan said that it
    cannot be known, or what it hangs on, rests on what did not come to be."""
    found = []
    for before, after in zip(planned, done, strict=True):
        is_open = before.status == "unknown" or (
            before.status == "pending" and before.message.startswith(f"{after.message}; it fails unless command: "))
        if is_open and after.status == "failed":
            break
        if before.status == "unknown":
            continue
        wanted = {"ok": "ok", "pending": "changed", "failed": "failed", "skipped": "skipped"}[before.status]
        if after.status != wanted:
            found.append(f"{before.node}: planned {before.status}, {after.status}: {after.message}")
        elif before.status == "pending" and not before.message and shown(before) != shown(after):
            found.append(f"{before.node}: planned {shown(before)}, did {shown(after)}")
    return found


def fight(resources: Sequence[Resource]) -> bool:
    """Whether two resources say different things of one file, which they reach over different links, or one removes
    what another makes: no second apply of such a document can be quiet."""
    made: list[str] = []
    gone: list[str] = []
    above: list[str] = []  # what says how all below it is to be
    for one in resources:
        path = str(one.get("path") or one.get("removes") or next(iter(one.values())))
        if path.startswith("/"):
            real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
            real = os.path.realpath(real) if one.get("follow") or "line" in one else real
            is_gone = (one.get("state") == "absent" and "line" not in one) or "removes" in one
            (gone if is_gone else made).append(real)
            above += [real] if one.get("recurse") else []
    return len(set(made)) < len(made) or any(path == other or path.startswith(other + "/")
                                             for path in made for other in gone) or any(
        path.startswith(other + "/") for path in made for other in above)


def tried(number: int, folder: Path, types: Types) -> tuple[str, Counter[str]]:
    """What is wrong with one pair, ""; and how many resources had which status in the plan."""
    root, state = folder / "root", folder / "state"
    root.mkdir(parents=True)
    state.mkdir()
    one = pair(number, str(root))
    make(one.before)
    try:
        compiled = compile_text(folder, one.document(), types)
    except Problems as problems:
        return "", Counter({f"refused: {problems.problems[0].what.partition(' ')[0]}": 1})
    before = snapshot(folder)
    planned = run(compiled, "plan", state, 1)
    if snapshot(folder) != before:
        return "the plan wrote something", Counter()
    done = run(compiled, "apply", state, 2)
    wrong = differences(planned, done)
    if fight(one.resources):
        return _told(number, one, wrong), Counter(event.status for event in planned)
    again = run(compiled, "apply", state, 3)
    wrong += [f"{event.node}: changed again: {shown(event)}" for event, first in zip(again, done, strict=True)
              if event.status == "changed" and first.status in ("ok", "changed")
              and not any(one.status == "failed" for one in done)]
    return _told(number, one, wrong), Counter(event.status for event in planned)


def _told(number: int, one: Pair, wrong: list[str]) -> str:
    return "\n".join([f"pair {number}", one.document(), *map(str, one.before), *wrong]) if wrong else ""


def test_the_plan_is_the_deed(tmp_path: Path, types: Types) -> None:
    wrong: list[str] = []
    statuses: Counter[str] = Counter()
    number = compiled = 0
    while compiled < PAIRS:
        said, counts = tried(number, tmp_path / str(number), types)
        wrong += [said] if said else []
        compiled += not any(word.startswith("refused") for word in counts)  # what is refused never reaches a host
        statuses += counts
        number += 1
    assert not wrong, f"{len(wrong)} of {PAIRS} pairs\n" + "\n\n".join(wrong[:5])
    assert statuses["pending"] > PAIRS and statuses["ok"] > PAIRS / 10, f"the control: there was much to do: {statuses}"
