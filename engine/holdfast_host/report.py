"""From a change or error to the event that tells of it: values as JSON, content as a unified diff, secrets masked."""
from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from . import former
from .errors import Failed, HoldfastError, Interrupted, Refused, TimedOut
from .graph import FAILED, INTERRUPTED, TIMED_OUT, Event
from .redact import Redactor
from .resource import ALWAYS, Change, Field, Resource

DIFF_BYTES = 256 * 1024  # of content; larger ones are told by size and hash
DIFF_LINES = 5000
TEXT_CHARS = 4000  # of one field's value
OUTPUT_CHARS = 2 * 1024 * 1024  # of one output; programs' outputs are bounded where they are read
HIDDEN = "«hidden»"
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


class Teller:
    """Makes events of one run."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor

    def event(self, node: int, status: str, resource: Optional[Resource], change: Optional[Change], *,
              hides: bool = False, **more: Any) -> Event:
        """An event with the change's fields and diffs; `more` as Event has it. hides: values are not shown."""
        fields: List[Tuple[str, Any, Any]] = []
        diffs: List[Tuple[str, str]] = []
        for field in change.fields if change else ():
            if hides or (resource is not None and _is_hidden(resource, field.name)) or _holds_key(field):
                fields.append((field.name, _hide(field.before), _hide(field.after)))
            elif isinstance(field.before, bytes) or isinstance(field.after, bytes):
                diffs.append((field.name, former.masked(content_diff(field.before, field.after), self.redactor)))
            else:
                before, after = self._plain(field.before), self._plain(field.after)
                is_exchanged = before != after and self.redactor.holds(field.after)
                fields.append((field.name, _hide(before) if is_exchanged else before, after))
        for name in ("message", "mend", "refreshed"):
            if more.get(name):
                more[name] = self.redactor.text(_printable(more[name]))
        if more.get("outputs"):
            more["outputs"] = self.redactor.value(_json(more["outputs"], OUTPUT_CHARS))
        return Event(node, status, fields=tuple(fields), diffs=tuple(diffs), **more)

    def _plain(self, value: Any) -> Any:
        return _json(self.redactor.value(_json(value, OUTPUT_CHARS)))  # cut off last: a piece is not known as a secret


def of_error(type_: str, error: BaseException, given: Optional[Mapping[str, Any]]) -> Tuple[str, Dict[str, Any]]:
    """What a resource has come to by an error: its status, and what its event says. given: outputs that it has all the
    same."""
    status = TIMED_OUT if isinstance(error, TimedOut) else INTERRUPTED if isinstance(error, Interrupted) else FAILED
    more: Dict[str, Any] = {"error": type(error).__name__, "message": str(error), "outputs": dict(given or {})}
    if isinstance(error, Failed) and error.outputs:
        more["outputs"] = {**error.outputs, **more["outputs"]}
    if isinstance(error, Failed) and error.mend:
        more["mend"] = error.mend
    if isinstance(error, Refused):
        more.update(message=error.what, mend=error.mend, argument=error.argument)
    elif not isinstance(error, (HoldfastError, OSError)):
        more["message"] = "a defect of type %s: %s: %s" % (type_, type(error).__name__, error)
    return status, more


def _is_hidden(resource: Resource, field: str) -> bool:
    declared = type(resource)._args_.get(field)
    return declared is not None and declared.secret == ALWAYS


def _holds_key(field: Field) -> bool:
    """Whether a private key is in a content, before or after: that is a secret whoever has declared it, or nobody."""
    return any(isinstance(data, bytes) and PRIVATE_KEY.search(data) for data in (field.before, field.after))


def _hide(value: Any) -> Optional[str]:
    return None if value is None else HIDDEN


def _json(value: Any, limit: int = TEXT_CHARS) -> Any:
    if isinstance(value, str):
        text = _printable(value)
        return text if len(text) <= limit else text[:limit] + "…"
    if isinstance(value, bytes):
        return _json(value.decode("utf-8", "surrogateescape"), limit)
    if isinstance(value, dict):
        return {str(key): _json(item, limit) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(item, limit) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else _json(str(value), limit)


def _printable(text: str) -> str:
    """Text that any reader of UTF-8 takes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def content_diff(before: Optional[bytes], after: Optional[bytes]) -> str:
    """A unified diff, without the two lines of file names; for binary or very large content a line of sizes."""
    old, new = before or b"", after or b""
    if b"\0" in old or b"\0" in new or len(old) + len(new) > DIFF_BYTES:
        return "%s → %s\n" % (_measure(before), _measure(after))
    import difflib  # only when something differs

    a, b = _lines(old), _lines(new)
    if len(a) + len(b) > DIFF_LINES:
        return "%s → %s\n" % (_measure(before), _measure(after))
    rows = list(difflib.unified_diff(a, b, n=3))[2:]
    return "".join(row if row.endswith("\n") else row + "\n\\ no line end at the end of the file\n" for row in rows)


def _lines(data: bytes) -> List[str]:
    return [line.decode("utf-8", "replace") for line in re.findall(rb"[^\n]*\n|[^\n]+", data)]


def _measure(data: Optional[bytes]) -> str:
    if data is None:
        return "nothing"
    import hashlib

    return "%d bytes (SHA-256 %s…)" % (len(data), hashlib.sha256(data).hexdigest()[:12])


