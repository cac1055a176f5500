"""The order of versions is dpkg's, and ranges say what they seem to say."""
from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_host import Refused, versions

WRITTEN = st.from_regex(r"([0-2]:)?[0-9][a1.+~0]{0,5}(-[0-9][a1.+~]{0,3})?", fullmatch=True)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="there is no dpkg to compare with")
@settings(max_examples=40, deadline=None)
@given(WRITTEN, WRITTEN)
def test_order_is_that_of_dpkg(one: str, other: str) -> None:
    sign = {-1: "lt", 0: "eq", 1: "gt"}[versions.compare(one, other)]
    assert subprocess.run(["dpkg", "--compare-versions", one, sign, other], check=False).returncode == 0


@pytest.mark.parametrize(("bounds", "inside", "outside"), [
    (">= 1.5, < 2", ("1.5.0-1", "1.5-3", "1.99~rc1-2+b4"), ("1.4.9-1", "2-1", "2.0-1", "1:1.6-1")),
    ("> 1.2", ("1.2.1-1",), ("1.2-3", "1.2")), ("= 1.2", ("1.2-3",), ("1.2.1-1",)),
    ("<= 1.2-3", ("1.2-3", "1.2-2"), ("1.2-4",)),
])
def test_range(bounds: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    assert [one for one in (*inside, *outside) if versions.matches(one, bounds, versions.compare)] == list(inside)


@pytest.mark.parametrize("wrong", [">= ", "1.2, < 2", ">= 1.2 < 2", "~> 1.2", ">= 1.2,"])
def test_what_is_no_range_is_refused(wrong: str) -> None:
    with pytest.raises(Refused, match="is no bound"):
        versions.read(wrong)
