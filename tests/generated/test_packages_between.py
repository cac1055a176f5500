"""Packages that other resources stand between, so that they are changed one group after the other: the plan of a later
group knows what an earlier one will have brought or taken. The package manager is a file with dependencies; the type
and the runner are the real ones."""
from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import yaml

from holdfast import library as shipped
from holdfast.documents.types import Types
from holdfast_host import library, packages
from holdfast_host.packages import Installed, Offer, Provider, Step
from tests.generated.host import compile_text, run
from tests.generated.test_plan_is_the_deed import differences

PAIRS = 100
NAMES = ("aa", "bb", "cc", "dd", "ee", "ff")
Depends = Mapping[str, Sequence[str]]


def with_needed(names: Iterable[str], depends: Depends) -> set[str]:
    found = set(names)
    while more := {need for name in found for need in depends[name]} - found:
        found |= more
    return found


def with_needing(names: Iterable[str], depends: Depends) -> set[str]:
    found = set(names)
    while more := {name for name in depends if found.intersection(depends[name])} - found:
        found |= more
    return found


class Shelf(Provider):
    """Installs what a package needs with it, and removes what needs it, as all package managers do."""

    name: ClassVar[str] = "apt"

    def __init__(self, path: Path, depends: Depends) -> None:
        self.path, self.depends = path, depends

    def there(self) -> set[str]:
        return set(json.loads(self.path.read_text()))

    def check_name(self, name: str) -> None:
        pass

    def fits(self, version: str, wanted: str) -> bool:
        return version == wanted

    def compare(self, one: str, other: str) -> int:
        return (one > other) - (one < other)

    def installed(self, names: Sequence[str]) -> dict[str, Installed]:
        return {name: Installed("1") for name in self.there().intersection(names)}

    def offered(self, names: Sequence[str]) -> dict[str, Offer]:
        return {name: Offer("1", ("1",)) for name in names}

    def lists_age_s(self) -> float:
        return 0.0

    def would_remove(self, steps: Sequence[Step], frees: bool = False) -> list[str]:
        return sorted(self.there() & with_needing([step.name for step in steps if step.removes], self.depends))

    def would_bring(self, steps: Sequence[Step]) -> dict[str, str]:
        wanted = with_needed([step.name for step in steps if not step.removes], self.depends)
        return dict.fromkeys(sorted(wanted - self.there()), "1")

    def carry_out(self, steps: Sequence[Step], wait_s: float) -> None:
        left = (self.there() | set(self.would_bring(steps))) - set(self.would_remove(steps))
        self.path.write_text(json.dumps(sorted(left)))


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Types]:
    modules = shipped.root() / "modules"
    place = tmp_path_factory.mktemp("types")
    (place / "holdfast_modules").symlink_to(modules.resolve())
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(place)
        patch.setattr(library, "_found", {})
        yield Types([modules])


def document(chance: random.Random, depends: Depends, folder: Path) -> str:
    """What is to be there and what is not, without contradiction, in any order, with files between."""
    goal = with_needed(chance.sample(NAMES, chance.randint(0, 4)), depends)
    resources: list[dict[str, str]] = []
    for name in chance.sample(NAMES, chance.randint(2, 6)):
        if chance.random() < 0.6:
            resources.append({"file": f"{folder}/{len(resources)}", "content": "x"})
        resources.append({"package": name, "state": "present" if name in goal else "absent"})
    return yaml.safe_dump({"state": "generated", "targets": "all", "resources": resources}, sort_keys=False)


def test_a_plan_knows_what_packages_before_will_bring_and_take(
        tmp_path: Path, types: Types, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[str] = []
    taken_along = 0
    for number in range(PAIRS):
        chance, folder = random.Random(number), tmp_path / str(number)
        depends = {name: chance.sample(NAMES[:at], min(at, chance.randint(0, 2))) for at, name in enumerate(NAMES)}
        state = folder / "state"
        state.mkdir(parents=True)
        shelf = Shelf(folder / "shelf.json", depends)
        shelf.path.write_text(json.dumps(sorted(with_needed(chance.sample(NAMES, chance.randint(0, 5)), depends))))
        monkeypatch.setattr(packages, "of_host", lambda name=None, shelf=shelf: shelf)
        monkeypatch.setattr(packages, "named", lambda name, shelf=shelf: shelf)
        before, text = shelf.there(), document(chance, depends, folder)
        compiled = compile_text(folder, text, types)
        planned = run(compiled, "plan", state, 1)
        assert shelf.there() == before, "the control: a plan changes nothing"
        done = run(compiled, "apply", state, 2)
        again = run(compiled, "apply", state, 3)
        moved = sum(event.status == "changed" and node.type == "package"
                    for event, node in zip(done, compiled.graphs["here"].nodes, strict=True))
        taken_along += len(before ^ shelf.there()) > moved
        found = differences(planned, done) + [f"{event.node}: changed again" for event in again if event.status != "ok"]
        wrong += [f"pair {number}\n{text}{sorted(before)} {depends}\n" + "\n".join(found)] if found else []
    assert not wrong, f"{len(wrong)} of {PAIRS}\n" + "\n\n".join(wrong[:3])
    assert taken_along > PAIRS / 10, "the control: often packages came or went with others"
