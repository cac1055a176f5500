"""docs/reference/ansible-options.md leaves out no option of the modules that it names, and what it names instead is
there."""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import ansible.modules
import pytest
import yaml

from holdfast.documents.types import Types
from holdfast.problems import Problem
from tests.docs.generated import REFERENCE

PAGE = REFERENCE / "ansible-options.md"
MODULES = Path(ansible.modules.__file__).parent
COMMON = {"owner", "group", "mode", "validate", "backup"}  # told of once, for all


def rows() -> Iterator[tuple[str, set[str], str]]:
    """(module, words in its second column, its other columns) of each row of the page."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `") and len(cells) >= 3 and (MODULES / f"{cells[0].strip('`')}.py").exists():
            yield cells[0].strip("`"), set(re.findall(r"`(\w+)`", cells[1])), " ".join(cells[2:])


def options(module: str) -> set[str]:
    """What ansible-core documents of a module itself."""
    for node in ast.parse((MODULES / f"{module}.py").read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            return set(yaml.safe_load(ast.literal_eval(node.value))["options"])
    raise AssertionError(module)


def arguments(types: set[str]) -> set[str]:
    known = Types()
    classes = [found for found in (known[word] for word in types) if not isinstance(found, Problem)]
    return {name for found in classes for name in found._args_}


ROWS = list(rows())


@pytest.mark.parametrize(("module", "types", "said"), ROWS, ids=[module for module, _, _ in ROWS])
def test_every_option_has_its_answer(module: str, types: set[str], said: str) -> None:
    told = set(re.findall(r"`(\w+)[`:]", said))
    assert options(module) - arguments(types) - COMMON - told == set()


@pytest.mark.parametrize(("module", "types", "said"), ROWS, ids=[module for module, _, _ in ROWS])
def test_what_stands_for_an_option_is_there(module: str, types: set[str], said: str) -> None:
    known = Types()
    assert types <= set(known)
    for option, instead in re.findall(r"`(\w+)`: `(\w+)`", said):
        assert instead in arguments(types) | set(known), f"{module}: {option}"


def test_an_option_that_is_missing_would_be_found() -> None:
    assert len(ROWS) >= 20
    assert "remote_src" in options("copy") - arguments({"file"})
