"""Values that are known only on the host, as templates see them: they can be passed on, and nothing else.

In rendered text such a value is a mark that no host can forge, as it holds a number which was drawn when this process
started; the marks are replaced by parts of a `values.Join` before the text leaves the compiler.
"""
from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any, NoReturn

from holdfast.compiler.faults import KnownLater, Misused
from holdfast_host.values import Join, Output, did_you_mean

_TAG = secrets.token_hex(8)
_MARK = re.compile(rf"\x00{_TAG}:(\d+)\x00")  # not \0, which would take digits that follow for its own
_marked: list[Output | Join] = []
_numbers: dict[Output | Join, int] = {}


class Pending:
    """An output of a resource, or text with one in it. Everything but passing it on raises KnownLater."""

    def __init__(self, value: Output | Join) -> None:
        self.value = value

    def mark(self) -> str:
        """What stands for it in a rendered text."""
        value = self.value
        if value not in _numbers:
            _numbers[value] = len(_marked)
            _marked.append(value)
        return f"\0{_TAG}:{_numbers[value]}\0"

    def refuse(self, *_: object, **__: object) -> NoReturn:
        parts = self.value.parts if isinstance(self.value, Join) else (self.value,)
        first = next(part for part in parts if isinstance(part, Output))
        raise KnownLater(f"`{first.key}` of {first.id}", first.key)

    __str__ = __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __call__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __sub__ = __mul__ = __mod__ = __int__ = __float__ = refuse
    __hash__ = refuse


class Registered:
    """What `register: v` makes of `v`: its attributes are the outputs of the resource with this id. gives: their names;
    (): its type does not say."""

    def __init__(self, identity: str, gives: Sequence[str] = ()) -> None:
        self._identity, self._gives = identity, gives

    def output(self, key: str) -> Pending:
        """Raises Misused for one that its type does not give."""
        if self._gives and key not in self._gives:
            raise Misused(f"{self._identity} gives no `{key}`", did_you_mean(key, self._gives), key)
        return Pending(Output(self._identity, key))

    def refuse(self, *_: object) -> NoReturn:
        outputs = " or ".join(f"`.{key}`" for key in self._gives)
        raise KnownLater(f"what {self._identity} gives", mend=outputs and f"pass on one of its outputs: {outputs}")

    __str__ = __bool__ = __len__ = __iter__ = __eq__ = __hash__ = refuse


def is_marked(text: str) -> bool:
    """Is there a mark in it?"""
    return "\0" in text and _MARK.search(text) is not None


def unmark(text: str) -> str | Pending:
    """The text, or if marks are in it the value that it stands for."""
    if not is_marked(text):
        return text
    pieces = _MARK.split(text)
    parts: list[Any] = []
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            _add(parts, piece)
        else:
            value = _marked[int(piece)]
            for part in value.parts if isinstance(value, Join) else (value,):
                _add(parts, part)
    return Pending(parts[0] if len(parts) == 1 else Join(tuple(parts)))


def _add(parts: list[Any], part: Any) -> None:
    """Adds a part; texts side by side are one, so that equal texts are equal however they were put together."""
    if isinstance(part, str) and parts and isinstance(parts[-1], str):
        parts[-1] += part
    elif part != "":
        parts.append(part)
