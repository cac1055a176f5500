"""Secrets are masked in every spelling in which tools print them, and the rest of the line stays readable."""
from __future__ import annotations

import base64
import json
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from holdfast_host.redact import SHORTEST, Redactor

secrets = st.text(min_size=6, max_size=40).filter(lambda text: len(text.strip()) >= 6)


@given(secrets)
def test_secret_is_found_in_no_spelling(secret: str) -> None:
    data = secret.encode("utf-8", "surrogateescape")
    redactor = Redactor({"pw": secret})
    for spelled in (secret, json.dumps(secret)[1:-1], urllib.parse.quote(data, safe=""), data.hex()):
        assert redactor.text(f"before <{spelled}> after") == "before <«pw»> after"


@given(st.text("abcdefXYZ019+/=-_ ", min_size=8, max_size=30), st.binary(max_size=5), st.binary(max_size=5))
def test_secret_is_found_inside_longer_base64(secret: str, before: bytes, after: bytes) -> None:
    spelled = base64.b64encode(before + secret.encode() + after).decode()
    masked = Redactor({"pw": secret}).text(spelled)
    assert "«pw»" in masked
    rest = masked.replace("«pw»", "")
    assert len(rest) <= len(spelled) - len(base64.b64encode(secret.encode()).rstrip(b"=")) + 4


def test_whole_values_are_masked_keys_included() -> None:
    redactor = Redactor({"pw": "hunter2"})
    assert redactor.value({"hunter2": ["a hunter2", 1, None], "x": b"hunter2"}) == {"«pw»": ["a «pw»", 1, None],
                                                                                 "x": "«pw»".encode()}


def test_lines_of_a_secret_are_secrets() -> None:
    key = "-----BEGIN KEY-----\nabcdefgh\nijklmnop\n"
    assert Redactor({"key": key}).text("+abcdefgh\n+ijklmnop\n") == "+«key»\n+«key»\n"


def test_without_secrets_nothing_is_changed() -> None:
    assert Redactor({}).text("x") == "x"
    assert Redactor({"short": "a" * (SHORTEST - 1)}).text("aaa") == "aaa"
