"""--json: the words of docs/reference/json.md, and nothing that is secret or not ASCII."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from holdfast.executor.model import Happening, OutputCame
from holdfast.problems import Place, Problem
from holdfast.reports import hosts, objects, types
from holdfast.store import Run
from tests.unit.cli.standin import Motd, inventory
from tests.unit.examples import THREE, gone, happenings

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "json.md").read_text("utf-8")
RUN = "20261124-041500-ab12"
ALL = [objects.happening_object(happening, RUN)
       for happening in happenings((*THREE, gone("old1")), stopped="enough")]


def documented() -> dict[str, set[str]]:
    """The words of the page's tables, by event."""
    found: dict[str, set[str]] = {}
    for row in re.findall(r"^\| (`.*) \|$", PAGE, re.MULTILINE):
        for event in re.findall(r"`(\w+)`", row.split("|")[0]):
            found.setdefault(event, set()).update(re.findall(r"`(\w+)`", row))
    return found


def words(thing: object) -> set[str]:
    """All keys of an object, but for those that the data itself brings."""
    if isinstance(thing, list):
        return {word for item in thing for word in words(item)}
    if not isinstance(thing, dict):
        return set()
    free = {"counts", "outputs", "facts", "tags", "variables"}
    return set(thing) | {word for key, item in thing.items() if key not in free for word in words(item)}


@pytest.mark.parametrize("thing", [
    *ALL, objects.happening_object(OutputCame("a", "command: x", "stdout", "y"), "r"),
    objects.drifted_object("a", "file: /x", 1.0),
    objects.problem_object(Problem("x", Place("a", 1, 2), "y", (("why", Place("b", 3, 4)),))),
    objects.run_object(Run("r", "apply", "a", 1.0, None, "stopped", "why", ("d",), "all", 3, {"ok": 1})),
    *map(hosts.host_object, inventory().hosts.values()), *map(hosts.group_object, inventory().groups.values()),
    types.type_object(Motd), types.kind_object("state", "x"),
], ids=lambda thing: thing["event"])
def test_every_word_is_documented(thing):
    assert words(thing) - {"event", "run"} <= documented()[thing["event"]]
    assert json.loads(objects.line(thing)) == json.loads(json.dumps(thing))
    assert "\n" not in objects.line(thing)
    assert objects.line(thing).isascii()


def test_every_kind_of_happening_has_an_object_named_after_it():
    for kind in get_args(Happening):
        name = re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower()
        assert kind in objects.OBJECTS
        assert name in documented()


def test_everything_that_happens_says_in_which_run():
    assert {thing["run"] for thing in ALL} == {RUN}


def test_a_changed_resource_in_full():
    assert ALL[3] == {
        "event": "resource_done", "run": RUN, "host": "web001", "id": "template: /etc/nginx/nginx.conf",
        "status": "changed", "took_ms": 40, "action": "update",
        "fields": [{"name": "mode", "before": "0600", "after": "0644"}],
        "diffs": [{"name": "content", "diff": ALL[3]["diffs"][0]["diff"]}], "file": "playbooks/webs.yml", "line": 11,
        "column": 5}
