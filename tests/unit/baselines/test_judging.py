"""A control is what its resources say, and what could not be asked never passes."""
from __future__ import annotations

from datetime import date

import pytest

from holdfast.baselines.judging import control_results, excepted_on, expired
from holdfast.baselines.model import score
from holdfast.documents.model import Baseline, Control, ControlException, Part
from holdfast.executor.model import HostResult, Result
from holdfast.problems import Place
from holdfast.reports.controls import control_lines
from holdfast.reports.style import Style
from holdfast_host.graph import Event

HERE = Place("safe.yml", 1, 1)
CONTROL = Control("motd", HERE, "a greeting", "high", "politeness", "a book, 1.2")
EXCEPTION = ControlException("motd", HERE, "ann", "later", date(2027, 3, 31), "role=web")
SAFE = Baseline("baseline", "safe", HERE, controls=(CONTROL,), exceptions=(EXCEPTION,))
PART = Part("baseline", "safe", "motd")


def judged(status: str, *statuses: str, message: str = "") -> tuple[str, str]:
    results = tuple(Result(f"file: /{number}", None, Event(number, one, message=message), (PART,))
                    for number, one in enumerate(statuses))
    found, = control_results(HostResult("h1", status, results, "no route"), [SAFE], {})
    return found.status, found.why


@pytest.mark.parametrize(("host", "statuses", "expected"), [
    ("ok", ["ok", "ok"], "pass"), ("changed", ["changed", "ok"], "pass"), ("pending", ["ok", "pending"], "fail"),
    ("failed", ["ok", "failed"], "fail"), ("pending", ["unknown", "ok"], "not_known"),
    ("pending", ["unknown", "pending"], "fail"), ("interrupted", ["ok", "interrupted"], "not_known"),
    ("timed_out", ["timed_out"], "not_known"), ("ok", ["skipped"], "not_applicable"),
    ("unreachable", [], "not_known"), ("refused", [], "not_known"), ("untouched", [], "not_known"),
    ("timed_out", [], "not_known"), ("interrupted", [], "not_known"),
])
def test_control_by_its_resources(host: str, statuses: list[str], expected: str) -> None:
    status, why = judged(host, *statuses)
    assert status == expected
    assert bool(why) == (expected in ("fail", "not_known"))


def test_what_was_skipped_because_another_failed_is_not_known() -> None:
    assert judged("failed", "skipped", message="needs package: x, which failed")[0] == "not_known"


@pytest.mark.parametrize(("today", "host", "excepted"), [
    (date(2027, 3, 31), "web1", True), (date(2027, 4, 1), "web1", False), (date(2027, 1, 1), "db1", False)])
def test_an_exception_counts_to_its_last_day_where_it_is_for(today: date, host: str, excepted: bool) -> None:
    found = excepted_on(host, [SAFE], today, lambda targets, host: targets == "role=web" and host == "web1")
    assert (PART in found) == excepted
    result, = control_results(HostResult(host, "unreachable"), [SAFE], found)
    assert result.status == ("excepted" if excepted else "not_known")
    assert bool(expired([SAFE], today)) == (today > date(2027, 3, 31))


def test_score_counts_what_is_not_known_as_not_passed() -> None:
    good = control_results(HostResult("h1", "ok", (Result("file: /a", None, Event(0, "ok"), (PART,)),)), [SAFE], {})
    away = control_results(HostResult("h2", "unreachable", message="no route"), [SAFE], {})
    assert [score(one).percent for one in (good, away, good + away, ())] == [100, 0, 50, None]
    assert score(good * 199 + away).percent == 99, "never rounded up to all"
    told = control_lines(good + away, ["an exception has expired"], Style())
    assert told == ["baseline safe: 50 % (1 pass, 1 not known)", "    h2: 0 % (1 not known)", "    h1: 100 % (1 pass)",
                    "  not known  motd (high): a greeting  h2", "      no route", "an exception has expired"]
