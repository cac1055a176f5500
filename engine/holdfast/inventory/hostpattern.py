"""Host names with ranges and ports, as Ansible inventories write them: `web[01:10].example.org:2222`."""
from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Callable, Iterable

MOST_HOSTS = 200_000  # that one pattern may stand for, and of one inventory; more is a slip of the keyboard

_BRACKETED_PORT = re.compile(r"\[(.+)\]:([0-9]+)\Z")
_PORT = re.compile(r"((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)\Z")
_RANGE = r"\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]"
_LABEL = rf"(?:\w|{_RANGE})(?:[\w-]|{_RANGE})*(?<![_-])"
_HOSTNAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_HEX_RANGE = re.compile(r"\[[0-9a-fA-F]+:[0-9a-fA-F]+(?::[0-9]+)?\]")


class Wrong(Exception):
    """Something that an inventory says is wrong: what, and the mend. Whoever knows the place makes a Problem of it."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def split_port(text: str) -> tuple[str, int | None]:
    """The host pattern and its port. What is no host name, with or without port, is left as it is."""
    address, port = text, None
    for pattern in (_BRACKETED_PORT, _PORT):
        match = pattern.match(address)
        if match:
            address, port = match[1], int(match[2][:20])
    return (address, port) if is_address(address) else (text, None)


def is_address(text: str) -> bool:
    """Whether this is a host name or an IP address, with or without ranges."""
    if _HOSTNAME.match(text):
        return True
    try:
        ipaddress.ip_address(_HEX_RANGE.sub("1", text))
    except ValueError:
        return False
    return "%" not in text


def expand(pattern: str) -> list[str]:
    """All host names that a pattern stands for. Raises Wrong."""
    names: list[str] = []
    waiting = [pattern]
    while waiting:  # depth first, so that the first range varies slowest
        each = waiting.pop()
        if "[" not in each:
            names.append(each)
        else:
            waiting += _expand_first(each)[::-1]
        if len(names) + len(waiting) > MOST_HOSTS:
            raise Wrong(f"`{pattern}` stands for more than {MOST_HOSTS} hosts", "narrow the range")
    return names


def _expand_first(pattern: str) -> list[str]:
    head, _, rest = pattern.partition("[")
    inside, closed, tail = rest.partition("]")
    if not closed or "|" in pattern:
        raise Wrong(f"`{pattern}` is no host range", "close the bracket: [01:10]")
    bounds = inside.split(":")
    if len(bounds) not in (2, 3):
        raise Wrong(f"`[{inside}]` is no range of hosts", "write [first:last] or [first:last:step]")
    first, last = bounds[0] or "0", bounds[1]
    if not last:
        raise Wrong(f"the range `[{inside}]` has no end", "write [first:last]")
    step = _whole(bounds[2], inside) if len(bounds) == 3 else 1
    if step == 0:
        raise Wrong(f"the range `[{inside}]` has a step of 0", "write a step of 1 or more")
    return [f"{head}{part}{tail}" for part in _parts(first, last, step, inside)]


def _parts(first: str, last: str, step: int, inside: str) -> Iterable[str]:
    fill: Callable[[int], str] = str
    if first[0] == "0" and len(first) > 1:
        if len(first) != len(last):
            raise Wrong(f"the ends of `[{inside}]` are not equally long", f"write [{first}:{last.zfill(len(first))}]")
        width = len(first)
        fill = lambda number: str(number).zfill(width)  # noqa: E731
    letters = string.ascii_letters
    if first in letters and last in letters:
        start, end = letters.index(first), letters.index(last)
        if start > end:
            raise Wrong(f"the range `[{inside}]` goes backwards", f"write [{last}:{first}]")
        return letters[start:end + 1:step]
    numbers = range(_whole(first, inside), _whole(last, inside) + 1, step)
    if len(numbers) > MOST_HOSTS:
        raise Wrong(f"`[{inside}]` stands for more than {MOST_HOSTS} hosts", "narrow the range")
    return map(fill, numbers)


def _whole(text: str, inside: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Wrong(f"`[{inside}]` is no range of hosts", "its ends are two numbers or two letters") from None
