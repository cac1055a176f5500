"""The ten lines of the how-to page, carried out."""
from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

import holdfast
from holdfast.cli.main import main
from tests.docs.pages import blocks

TEN_LINES, = (block.text for block in blocks() if block.page == "docs/how-to/python.md")


def test_ten_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "site"], io.StringIO(), io.StringIO()) == 0
    for name, old, new in (("inventory/hosts.yml", "channel: local", f"channel: local\n    folder: {tmp_path}/runner"),
                           ("playbooks/quickstart.yml", "/tmp/holdfast-quickstart", str(tmp_path / "place"))):
        path = tmp_path / "site" / name
        path.write_text(path.read_text().replace(old, new))
    exec(TEN_LINES, {})
    said = capsys.readouterr().out
    assert said.startswith("here\n  pending\n")
    assert re.search(r"here directory: \S+ changed \d", said)
    assert (tmp_path / "place" / "hello").read_text() == "here: kept by Holdfast\n"
    assert json.loads(said.splitlines()[-1])["drifted"] == []
    (tmp_path / "site" / "playbooks" / "quickstart.yml").write_text("state: x\nresorces: []\n")
    with pytest.raises(holdfast.Problems, match="resorces"):
        exec(TEN_LINES, {})
