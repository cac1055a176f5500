"""What a project is signed as."""
from __future__ import annotations

from pathlib import Path

from holdfast.pulling import manifest


def test_what_is_signed_later_is_newer_also_after_a_clock_that_was_fast(tmp_path: Path) -> None:
    assert manifest.next_revision(tmp_path, 1000.0) == 1_000_000
    (tmp_path / manifest.NAME).write_bytes(manifest.Manifest(9_000_000, {}).to_bytes())
    assert manifest.next_revision(tmp_path, 1000.0) == 9_000_001
    assert manifest.next_revision(tmp_path, 10_000.0) == 10_000_000
