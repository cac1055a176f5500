"""What is sealed opens with its key alone, and tells nothing without it."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import sealing
from holdfast_host.errors import Failed

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@given(st.binary(max_size=3000))
def test_what_is_sealed_comes_back_with_its_key_alone(data):
    sealed = sealing.seal(KEY, data)
    assert sealing.unseal(KEY, sealed) == data
    assert len(data) < 8 or data not in sealed
    with pytest.raises(Failed, match="another key"):
        sealing.unseal(OTHER, sealed)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_what_is_altered_is_refused(data, draw):
    sealed = bytearray(sealing.seal(KEY, data))
    sealed[draw.draw(st.integers(0, len(sealed) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    for wrong in (bytes(sealed), bytes(sealed[:20]), b""):
        with pytest.raises(Failed, match="altered"):
            sealing.unseal(KEY, wrong)


def test_equal_contents_are_not_seen_to_be_equal():
    assert sealing.seal(KEY, b"same") != sealing.seal(KEY, b"same")
    assert sealing.name(KEY, "a") == sealing.name(KEY, "a") != sealing.name(OTHER, "a")


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 33])
def test_a_key_has_its_length(text):
    with pytest.raises(ValueError):
        sealing.key_of(text)
