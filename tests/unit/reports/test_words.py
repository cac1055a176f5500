"""Names of many hosts, values, times: the small text that everything else is made of."""
from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.problems import Place
from holdfast.reports.words import duration, many, named, ranges, value, where


@pytest.mark.parametrize(("hosts", "text"), [
    ([], ""),
    (["web1"], "web1"),
    (["web001", "web002", "web003", "web005"], "web[001-003], web005"),
    (["web8", "web9", "web10", "web11"], "web[8-11]"),
    (["web08", "web09", "web10"], "web[08-10]"),
    (["web099", "web100", "web101"], "web[099-101]"),
    (["web1.example.org", "web2.example.org"], "web[1-2].example.org"),
    (["web1", "web01"], "web01, web1"),
    (["rack2-web1", "rack2-web2", "rack10-web1"], "rack2-web[1-2], rack10-web1"),
    (["10.0.0.1", "10.0.0.2", "10.0.1.1"], "10.0.0.[1-2], 10.0.1.1"),
    (["db", "app", "db"], "app, db, db"),
    (["0", "1"], "[0-1]"),
])
def test_hosts_fold_into_ranges(hosts, text):
    random.Random(1).shuffle(hosts)
    assert ranges(hosts) == text


def test_a_long_list_is_cut_and_says_how_many_are_left():
    assert ranges([f"h{n}" for n in range(0, 40, 2)], most=3) == "h0, h2, h4 and 17 more"
    assert ranges([f"web-{n}.eu-west.example.org" for n in range(0, 40, 2)]) == \
        "web-0.eu-west.example.org, web-2.eu-west.example.org, web-4.eu-west.example.org, web-6.eu-west.example.org " \
        "and 16 more", "no longer than a line"
    assert ranges(["x" * 300, "y"]) == "x" * 300 + " and 1 more"
    assert ranges([*(f"a{n}" for n in range(5)), "b1", "c1", *(f"d{n}" for n in range(9))], most=2) == \
        "a[0-4], b1 and 10 more"


def unfold(text: str) -> set[str]:
    found = set()
    for part in filter(None, text.split(", ")):
        before, bracket, rest = part.partition("[")
        if not bracket:
            found.add(part)
            continue
        span, _, after = rest.partition("]")
        first, last = span.split("-")
        width = len(first) if first.startswith("0") and len(first) > 1 else 0
        found |= {f"{before}{str(n).zfill(width)}{after}" for n in range(int(first), int(last) + 1)}
    return found


@given(st.sets(st.from_regex(r"[ab]{1,2}[0-9]{0,3}(\.x)?", fullmatch=True)))
def test_no_host_is_lost_or_invented_by_folding(hosts):
    assert unfold(ranges(hosts, most=None)) == hosts


@pytest.mark.parametrize(("given", "text"), [
    (None, "absent"), (True, "true"), ("", '""'), (" x", '" x"'), ("0644", "0644"), (12, "12"), (["a", "b"], "a, b"),
    ([], "none"), ({"a": 1}, '{"a": 1}'), ("a\nb", "a\\nb"), ("x\x1b[31m", "x\\x1b[31m"),
    ("«db password»", "«db password»"),
    ("y" * 200, "y" * 119 + "…"),
])
def test_a_value_stands_on_one_line_and_commands_no_terminal(given, text):
    assert value(given) == text


@pytest.mark.parametrize(("seconds", "text"), [
    (0.04, "0.0 s"), (12.54, "12.5 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (200, "3 min 20 s"),
    (7500, "2 h 5 min")])
def test_times_are_read_at_a_glance(seconds, text):
    assert duration(seconds) == text


def test_numbers_and_places():
    assert (many(1, "host"), many(3000, "host")) == ("1 host", "3,000 hosts")
    assert (where(None), where(Place("a.yml", 3, 4)), where(Place("a.yml"))) == ("", " (a.yml:3)", " (a.yml)")


@pytest.mark.parametrize(("id_", "shown"), [
    ("file: /etc/motd", "file: /etc/motd"), ("command: set -e\nmake\n", "command: set -e …"),
    ("command: make\n", "command: make"), ("command: a\x1b[2J\n\nb", r"command: a\x1b[2J …")])
def test_name_of_a_resource_is_one_line(id_: str, shown: str) -> None:
    assert named(id_) == shown
