"""What is kept of a change for the way back, and what is not."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast_host import library, undoing
from holdfast_host.graph import Node
from holdfast_host.redact import Redactor
from modules.directory import Directory


@pytest.mark.parametrize(("name", "why"), [(b"d\xe4", "is not UTF-8"), (b"d", "")])
def test_what_no_document_can_name_is_left_and_not_put_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                 name: bytes, why: str) -> None:
    monkeypatch.setitem(library._found, "directory", Directory)
    os.mkdir(os.path.join(os.fsencode(tmp_path), name), 0o700)
    args = {"path": str(tmp_path), "recurse": True, "mode": "0750"}
    folder = Directory(**args)
    observed = folder.observe()
    memory = undoing.remember(str(tmp_path), b"k" * 32, Node("directory: x", "directory", args), folder, observed,
                              folder.diff(observed), (), Redactor({}))
    assert why in memory.why and (memory.back is None) == bool(why)
