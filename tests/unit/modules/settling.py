"""Applying one resource as the runner does, and holding its plan against what then is."""
from __future__ import annotations

import os
from typing import Any

import pytest

from holdfast_host import Change, files
from holdfast_host.files import FILE, FileState
from holdfast_host.record import with_fields

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users: only root can")


def settle(resource: Any) -> Change | None:
    """Applies it, and proves that the plan came true in every path it named, that nothing is left to do, and that no
    temporary file is left behind."""
    change: Change | None = resource.diff(resource.observe())
    if change is None:
        return None
    resource.converge(change)
    for path, state in change.files.items():
        assert found(path, state) == state, f"the plan did not come true at {path}"
        folder = os.path.dirname(path)
        left = [name for name in os.listdir(folder) if name.endswith(".holdfast")] if os.path.isdir(folder) else []
        assert not left, "something is left behind"
    files.forget()
    assert resource.remaining(change, resource.observe()) is None, "a second run would change it again"
    return change


def found(path: str, planned: FileState | None) -> FileState | None:
    """What is there, with the content if the plan knew it."""
    state = files.look(path)
    if state is not None and state.kind == FILE and planned is not None and planned.data is not None:
        return with_fields(state, data=files.read(path))
    return state


def shown(change: Change | None) -> dict:
    """The fields of a change: name -> (before, after)."""
    return {field.name: (field.before, field.after) for field in change.fields} if change else {}
