"""Secrets are masked in every spelling in which tools print them, and the rest of the line stays readable."""
from __future__ import annotations

import base64
import itertools
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import former
from holdfast_host.redact import SHORTEST, Flow, Redactor
from holdfast_host.report import Teller, content_diff
from holdfast_host.resource import Change, Field

secrets = st.text(min_size=6, max_size=40).filter(lambda text: len(text.strip()) >= 6)


@given(secrets)
def test_secret_is_found_in_no_spelling(secret: str) -> None:
    data = secret.encode("utf-8", "surrogateescape")
    redactor = Redactor({"pw": secret})
    for spelled in (secret, json.dumps(secret)[1:-1], urllib.parse.quote(data, safe=""), urllib.parse.quote(data),
                    urllib.parse.quote(data, safe="!*'()"), urllib.parse.quote_plus(data), repr(secret)[1:-1],
                    data.hex()):
        assert redactor.text(f"before <{spelled}> after") == "before <«pw»> after"


@given(st.text("abcdefXYZ019+/=-_ ", min_size=8, max_size=30), st.binary(max_size=5), st.binary(max_size=5))
def test_secret_is_found_inside_longer_base64(secret: str, before: bytes, after: bytes) -> None:
    spelled = base64.b64encode(before + secret.encode() + after).decode()
    masked = Redactor({"pw": secret}).text(spelled)
    assert "«pw»" in masked
    rest = masked.replace("«pw»", "")
    assert len(rest) <= len(spelled) - len(base64.b64encode(secret.encode()).rstrip(b"=")) + 4


@given(st.lists(st.sampled_from(("hunter2", "hunter2-too", "2äh", "x", "hunt", "ä", "\n")), max_size=8),
       st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_output_that_comes_in_pieces_is_masked_as_a_whole(words: list[str], sizes: list[int]) -> None:
    redactor = Redactor({"pw": "hunter2", "other": "hunter2-too", "third": "2ähx"})
    flow, data, pieces = Flow(redactor), "".join(words).encode(), list[str]()
    for size in itertools.cycle(sizes):
        if not data:
            break
        pieces.append(flow.text(data[:size]))
        data = data[size:]
    assert "".join([*pieces, flow.text(b"", is_end=True)]) == redactor.text("".join(words))


def test_what_cannot_become_a_secret_is_shown_at_once() -> None:
    flow = Flow(Redactor({"pw": "hunter2"}))
    assert [flow.text(piece) for piece in (b"ready? ", b"hun", b"t", b"er2!")] == ["ready? ", "", "", "«pw»!"]


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


@pytest.mark.parametrize(("before", "after", "shown"), [
    ("user=me password=old # kept\n", "user=me password=hunter2 # kept\n",
     "-user=me password=«pw, before» # kept\n+user=me password=«pw» # kept\n"),
    ("a\npassword: old\n", "a\npassword=hunter2\n", " a\n-«hidden»\n+password=«pw»\n"),
    ("password: hunter2\n", "password=hunter2\n", "-password: «pw»\n+password=«pw»\n"),
    ("hunter2 old\n", "hunter2 key-of-it\n", "-«pw» «key, before»\n+«pw» «key»\n"),
    ("hunter2:old\n", "hunter2 key-of-it\n", "-«hidden»\n+«pw» «key»\n"),
    ("old\n1\n2\n", "hunter2\n1\n3\n", "-«pw, before»\n+«pw»\n 1\n-2\n+3\n"),
    ("x=old\n1\ny=1\n3\n", "1\ny=2\n3\nx=hunter2\n", "-x=«pw, before»\n 1\n-y=1\n+y=2\n 3\n+x=«pw»\n"),
    ("x=old", "x=hunter2", "-x=«pw, before»\n\\ no line end at the end of the file\n+x=«pw»\n"
     "\\ no line end at the end of the file\n"),
    ("".join(f"{n}=old\n" for n in range(99)), "".join(f"{n}=hunter2\n" for n in range(99)),
     "-«hidden»\n" * 99 + "".join(f"+{n}=«pw»\n" for n in range(99))),
    ("x=old\n", "x=new\n", "-x=old\n+x=new\n"),
    ("a b c\n", "hunter2 hunter2 x\n", "-«hidden»\n+«pw» «pw» x\n"),
    (" " * 3000 + "x\n", "hunter2 hunter2 hunter2 hunter2 hunter2 z\n", "-«hidden»\n+«pw» «pw» «pw» «pw» «pw» z\n"),
])
def test_what_a_secret_takes_the_place_of_is_not_shown(before: str, after: str, shown: str) -> None:
    redactor = Redactor({"pw": "hunter2", "key": "key-of-it"})
    diff = former.masked(content_diff(before.encode(), after.encode()), redactor)
    assert "\n".join(line for line in diff.split("\n") if not line.startswith("@@")) == shown


def test_the_value_that_a_secret_takes_the_place_of_is_not_shown() -> None:
    change = Change("x", (Field("value", "old", "hunter2"), Field("other", "old", "new"),
                          Field("same", "hunter2", "hunter2")))
    event = Teller(Redactor({"pw": "hunter2"})).event(0, "pending", None, change)
    assert event.fields == (("value", "«hidden»", "«pw»"), ("other", "old", "new"), ("same", "«pw»", "«pw»"))


def test_private_key_is_not_shown_whoever_has_put_it_there() -> None:
    key = b"# app\n-----BEGIN OPENSSH PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END OPENSSH PRIVATE KEY-----\n"
    change = Change("x", (Field("content", key, None), Field("other", b"-----BEGIN PUBLIC KEY-----\nshown\n", None)))
    event = Teller(Redactor({})).event(0, "pending", None, change)
    assert event.fields == (("content", "«hidden»", None),)
    (name, diff), = event.diffs
    assert name == "other" and "-shown" in diff
