"""How the controls of baselines stand: scores of hosts and of all, then what does not pass, hosts folded."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from holdfast.baselines.model import EXCEPTED, FAIL, NOT_APPLICABLE, NOT_KNOWN, PASS, ControlResult, Score, score
from holdfast.documents.schemas import SEVERITIES
from holdfast.reports.fold import fold, without_host
from holdfast.reports.style import Style, printable
from holdfast.reports.words import ranges

SAID = {PASS: "pass", FAIL: "fail", EXCEPTED: "excepted", NOT_APPLICABLE: "not applicable", NOT_KNOWN: "not known"}
PAINT = {PASS: "good", FAIL: "bad", EXCEPTED: "change", NOT_APPLICABLE: "faint", NOT_KNOWN: "change"}
MOST_HOSTS = 10  # with a score of their own


def control_lines(results: Sequence[ControlResult], remarks: Iterable[str], style: Style,
                  everything: bool = False) -> list[str]:
    """everything: also what passes or is not applicable."""
    lines: list[str] = []
    for name in dict.fromkeys(one.baseline for one in results):
        own = [one for one in results if one.baseline == name]
        lines += [*_scores(name, own, style), *_controls(own, style, everything)]
    return [style.line(line) for line in (*lines, *(style.paint(printable(one), "bad") for one in remarks))]


def _scores(name: str, results: Sequence[ControlResult], style: Style) -> Iterator[str]:
    whole = score(results)
    hosts = list(dict.fromkeys(one.host for one in results))
    yield style.paint(f"baseline {name}: {_score(whole)}", "good" if whole.percent == 100 else "bad")
    of_hosts = [(host, score(one for one in results if one.host == host)) for host in hosts]
    of_hosts.sort(key=lambda pair: -1 if pair[1].percent is None else pair[1].percent)
    if len(hosts) > 1:
        yield from (f"    {printable(host)}: {_score(found)}" for host, found in of_hosts[:MOST_HOSTS])
    if len(hosts) > MOST_HOSTS:
        yield f"    and {len(hosts) - MOST_HOSTS:,} hosts with the same score or a better one"


def _score(found: Score) -> str:
    percent = "nothing is asked for" if found.percent is None else f"{found.percent} %"
    counted = ", ".join(f"{found.counts[status]:,} {SAID[status]}" for status in SAID if found.counts[status])
    return f"{percent} ({counted})"


def _controls(results: Sequence[ControlResult], style: Style, everything: bool) -> Iterator[str]:
    shown = [one for one in results if everything or one.status not in (PASS, NOT_APPLICABLE)]
    groups = fold(((one.host, one) for one in shown), lambda host, one: (
        one.control.id, one.status, without_host(one.why, host)), lambda one: one.why)
    for group in sorted(groups, key=lambda group: -SEVERITIES.index(group.example.control.severity)):
        one = group.example
        yield (f"  {style.paint(SAID[one.status], PAINT[one.status])}  {one.control.id} ({one.control.severity}): "
               f"{printable(one.control.title)}  {style.paint(ranges(group.hosts), 'faint')}")
        if one.why:
            yield f"      {printable(one.why)}"


def control_objects(results: Sequence[ControlResult]) -> Iterator[dict[str, Any]]:
    """Each control of each host, then the scores of hosts and of all, for programs."""
    for one in results:
        more = {"reference": one.control.reference, "why": one.why}
        yield {"event": "control", "host": one.host, "baseline": one.baseline, "control": one.control.id,
               "status": one.status, "title": one.control.title, "severity": one.control.severity,
               **{name: value for name, value in more.items() if value}}
    for name in dict.fromkeys(one.baseline for one in results):
        own = [one for one in results if one.baseline == name]
        for host in dict.fromkeys(one.host for one in own):
            yield {"event": "score", "baseline": name, "host": host,
                   **_numbers(score(one for one in own if one.host == host))}
        yield {"event": "score", "baseline": name, **_numbers(score(own))}


def _numbers(found: Score) -> dict[str, Any]:
    return {"percent": found.percent, "counts": {status: found.counts[status] for status in SAID}}
