"""What a user can see of `timer` without a host: what systemd would not take is refused, what it is told means the
same."""
import pytest

from holdfast_host import Refused
from modules.timer import Timer, _argument, _fault, _quoted


def text(**given):
    return Timer(name="a", **given).service_text().decode()


@pytest.mark.parametrize("when", [
    "daily", "Daily", "weekly UTC", "02:30", "*-*-* 02:30:00", "Mon..Fri 02:30", "Mon,Thu *-*-1..7 4:00:00",
    "*-*~03", "Sat *-*-* 00/6:30", "2030-11-05 11:12:13 Europe/Berlin", "*:0/15", "Mon *-05~07/1", "@1893456000",
])
def test_calendars_of_systemd_are_taken(when):
    assert Timer(name="a", command="/bin/true", on_calendar=[when]).on_calendar == (when,)


@pytest.mark.parametrize(("when", "said"), [
    ("Mom 02:30", "did you mean `Mon`"), ("dayly", "did you mean `daily`"), ("25:00", "25 is not a hour"),
    ("02:60", "60 is not a minute"), ("*-13-01", "13 is not a month"), ("*-*-32", "32 is not a day"), ("", "empty"),
])
def test_what_is_no_calendar_is_refused_without_a_host(when, said):
    with pytest.raises(Refused, match=said):
        Timer(name="a", command="/bin/true", on_calendar=[when])


@pytest.mark.parametrize("span", ["15min", "1h 30min", "7d", "90", "1.5h", "1M"])
def test_spans_are_taken(span):
    assert Timer(name="a", command="/bin/true", on_boot=span)


@pytest.mark.parametrize("span", ["", "soon", "15 mins", "-1h", "1" * 40 + "x"])
def test_what_is_no_span_is_refused(span):
    with pytest.raises(Refused, match="not a time span"):
        Timer(name="a", command="/bin/true", on_boot=span)


@pytest.mark.parametrize(("given", "said"), [
    ({}, "one of `command` and `unit`"), ({"command": "a", "unit": "b.service"}, "both given"),
    ({"unit": "b.service", "user": "root"}, "is for a command"), ({"command": "a | b"}, "shell: true"),
    ({"command": "-x"}, "not a program"), ({"command": "'x"}, "close the quotes"),
    ({"command": "a", "env": {"A B": "c"}}, "not a variable"), ({"unit": "b.timer"}, "not a unit that a timer"),
])
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(Refused, match=said):
        Timer(name="a", on_calendar=["daily"], **given)


def test_nothing_to_start_it_is_refused():
    with pytest.raises(Refused, match="on_calendar"):
        Timer(name="a", command="/bin/true", every="1h")
    with pytest.raises(Refused, match="persistent"):
        Timer(name="a", command="/bin/true", on_boot="1h", persistent=True)


def test_what_systemd_would_expand_is_taken_as_it_stands():
    assert _quoted("a b") == '"a b"'
    assert _argument("100%") == '"100%%"'
    assert _argument("$HOME") == '"$$HOME"'
    assert _argument(";") == '";"'
    assert _argument('a\\"b') == '"a\\\\\\"b"'
    assert _argument("") == '""'
    assert 'Environment="A=5%% $x"' in text(command="/bin/true", on_boot="1h", env={"A": "5% $x"})
    assert 'ExecStart=/bin/sh -c "echo $$A | cat"' in text(command="echo $A | cat", shell=True, on_boot="1h")


def test_a_day_that_never_comes_again_is_told_by_systemd():
    if not _fault(["2020-01-01"]):
        pytest.skip("no systemd-analyze here")
    assert "never comes" in _fault(["daily", "2020-01-01"])
    assert "not a calendar event" in _fault(["*-02-30 99"])
    assert _fault(["daily", "Mon..Fri 02:30"]) == ""
