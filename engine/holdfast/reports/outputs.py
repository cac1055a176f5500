"""What a command said on many hosts: equal output is shown once."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from holdfast.executor.model import HostResult
from holdfast.reports.details import message_lines
from holdfast.reports.fold import Group, fold
from holdfast.reports.style import PAINT_OF, Style, printable
from holdfast.reports.summary import SAID
from holdfast.reports.words import many, ranges

CUT_SHORT = frozenset({"timed_out", "interrupted"})
Said = tuple[str, int | None, str, str, str]  # status, exit code, stdout, stderr, message


def judged(results: Iterable[HostResult]) -> tuple[HostResult, ...]:
    """A host whose command did not end with 0 has failed, whatever the resource type was told to accept."""
    return tuple(replace(result, status="failed") if said(result)[1] not in (0, None) else result
                 for result in results)


def said(result: HostResult) -> Said:
    """What a host that was given one command has to say."""
    event = result.results[0].event if result.results else None
    outputs: Any = event.outputs if event else {}
    code = outputs.get("code")
    message = "" if event and code is not None else (event.message if event else "") or result.message
    if result.status in CUT_SHORT:  # the host knows only that it was told to stop
        message = result.message or message
    return (result.status, code if isinstance(code, int) else None, str(outputs.get("stdout", "")),
            str(outputs.get("stderr", "")), message)


def command_lines(results: Iterable[HostResult], style: Style) -> list[str]:
    """Groups of hosts with equal output and exit code, the largest last; what went wrong after what went well."""
    groups = fold(((result.host, said(result)) for result in results), lambda _, item: item, lambda item: item)
    groups.sort(key=lambda group: (_is_bad(group), len(group.hosts)))
    return [style.line(line) for group in groups for line in _group(group, style)]


def _is_bad(group: Group[Said]) -> bool:
    status, code, *_ = group.example
    return code != 0 or status not in ("ok", "changed")


def _group(group: Group[Said], style: Style) -> Iterator[str]:
    status, code, stdout, stderr, message = group.example
    ended = f"exit {code}" if code is not None else SAID[status]
    paint = "good" if code == 0 else "bad" if code is not None else PAINT_OF[status]
    hosts = ranges(group.hosts) if len(group.hosts) == 1 else f"{many(len(group.hosts), 'host')} {ranges(group.hosts)}"
    first, *rest = message_lines(message) or [""]
    yield f"{style.paint(hosts, 'strong')}: {style.paint(ended, paint)}{first and ': ' + first}"
    yield from ("    " + line for line in rest)
    yield from ("    " + printable(line) for line in stdout.splitlines())
    yield from ("    " + style.paint(printable(line), "bad") for line in stderr.splitlines())
