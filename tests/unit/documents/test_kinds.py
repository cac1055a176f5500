"""Kinds of documents are pluggable: one file makes one known, and everything else works with it."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.documents import kinds, structure
from holdfast.documents.loading import read_documents
from holdfast.documents.model import Document
from holdfast.documents.types import Types
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from tests.unit.compiler.project import TYPES


@dataclass(frozen=True, slots=True)
class Window(Document):
    """When work may happen."""

    hours: str = ""


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    problems = structure.check(node, {"window": {"type": "string"}, "hours": {"type": "string", "required": True}},
                               "a window")
    name, hours = node.get("window"), node.get("hours")
    if name is None or hours is None or problems:
        return None, problems
    return Window("window", str(name.value), name.place, "", str(hours.value)), problems


@pytest.fixture(autouse=True)
def _window() -> Iterator[None]:
    kinds.register(kinds.Kind("window", "When work may happen.", load))
    yield
    del kinds._kinds["window"]


def test_document_of_another_kind_stands_beside_states(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    path.write_text("state: site\ntargets: all\nresources: [{package: nginx}]\n---\nwindow: night\nhours: 1-5\n")
    documents, problems = read_documents([path], TYPES)
    assert not problems
    assert [(name, one.kind) for name, one in documents.items()] == [("site", "state"), ("night", "window")]
    night = documents["night"]
    assert isinstance(night, Window)
    assert night.hours == "1-5"


def test_its_mistakes_are_found_with_place_and_mend_like_all_others(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    path.write_text("window: night\nhuors: 1-5\n---\nwindwo: x\n---\nstate: site\nresources:\n  - use: night\n")
    _, problems = read_documents([path], TYPES)
    assert [(one.place.line if one.place else 0, one.what, one.mend) for one in problems][:2] == [
        (2, "unknown key `huors` in a window", "did you mean `hours`?"),
        (4, "unknown kind of document `windwo`", "did you mean `window`?")]


def test_kind_that_is_used_as_a_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    path.write_text("window: night\nhours: 1-5\n---\nstate: site\nresources:\n  - use: night\n")
    _, problems = read_documents([path], TYPES)
    assert [(one.what, one.mend) for one in problems] == [
        ("`night` is a window, and `use` takes a state", "name a document that begins with `state:`")]


def test_a_word_is_taken_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        kinds.register(kinds.Kind("window", "Another.", load))
