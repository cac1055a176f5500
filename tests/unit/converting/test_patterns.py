"""Host patterns of plays as target expressions."""
from __future__ import annotations

import pytest

from holdfast.converting.model import Cannot
from holdfast.converting.patterns import targets


@pytest.mark.parametrize(("pattern", "expression"), [
    ("all", "all"), ("*", "all"), ("web", "group:web"), ("web1.example.org", "web1.example.org"),
    ("web:!old", "group:web and not group:old"), ("a:b:&c", "(group:a or group:b) and group:c"),
    ("!old", "all and not group:old"),
    ("web*", "web*"), ("localhost", "localhost"), ("db1", "db1"),
])
def test_pattern_becomes(pattern, expression):
    assert targets([pattern], {"web", "old", "a", "b", "c"}, {"db1"}) == expression


@pytest.mark.parametrize("pattern", ["web[0]", "~web.*", "{{ hosts }}"])
def test_other_patterns_have_no_like(pattern):
    with pytest.raises(Cannot):
        targets([pattern], None, None)
