"""Taking secrets out of text: the value itself and the forms in which tools print it."""
from __future__ import annotations

import bisect
import codecs
import re
from typing import Any, Dict, List, Mapping, Tuple

SHORTEST = 4  # characters; a shorter secret would mask half of every report, so it is refused where it enters


def forms(value: str) -> List[str]:
    """The value, and its base64, URL, JSON and repr spellings."""
    import base64
    import json
    import urllib.parse

    data = value.encode("utf-8", "surrogateescape")
    found = [value, urllib.parse.quote_plus(data), json.dumps(value)[1:-1],
             json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], data.hex()]
    found += [urllib.parse.quote(data, safe=safe) for safe in ("", "/", "!*'()")]  # a part, a path, a browser
    for shift in range(3):  # inside a longer base64 text the value starts at one of three offsets
        whole = base64.b64encode(b"\0" * shift + data).decode("ascii")
        core = whole[(0, 2, 3)[shift]:len(whole) - (0, 3, 2)[(len(data) + shift) % 3]]
        found += [core, core.replace("+", "-").replace("/", "_")]
    found += [line for line in value.splitlines() if len(line) >= SHORTEST]
    return [form for form in dict.fromkeys(found) if len(form) >= SHORTEST]


class Redactor:
    """Masks secrets in text. secrets: name -> value; an occurrence becomes `«name»`."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names: Dict[str, str] = {}
        for name, value in secrets.items():
            for form in forms(value):
                self._names.setdefault(form, name)
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._sorted, self._longest = sorted(self._names), len(longest_first[0]) if longest_first else 0

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is None or not text:
            return text
        return self._pattern.sub(lambda match: "«%s»" % self._names[match.group()], text)

    def parts(self, text: str) -> Tuple[List[str], List[str]]:
        """What stands around the secrets of a text, and their names; there is one part more."""
        if self._pattern is None:
            return [text], []
        return self._pattern.split(text), [self._names[found] for found in self._pattern.findall(text)]

    def certain(self, text: str) -> int:
        """Up to where a text holds no secret of which the rest may still come."""
        end = next((at for at in range(max(len(text) - self._longest + 1, 0), len(text)) if self._begins(text[at:])),
                   len(text))
        across = [found.start() for found in self._pattern.finditer(text) if found.start() < end < found.end()] \
            if self._pattern else []
        return min([end, *across])

    def _begins(self, text: str) -> bool:
        """Whether a spelling is longer than this and begins so."""
        at = bisect.bisect_right(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)

    def holds(self, value: Any) -> bool:
        """Whether a secret is in a value, however deep."""
        if isinstance(value, bytes):
            value = value.decode("utf-8", "surrogateescape")
        if isinstance(value, str):
            return self._pattern is not None and self._pattern.search(value) is not None
        if isinstance(value, dict):
            return any(self.holds(str(key)) or self.holds(item) for key, item in value.items())
        return isinstance(value, (list, tuple, set, frozenset)) and any(map(self.holds, value))

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, keys of objects included."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


class Flow:
    """A program's output as it comes, in pieces that end anywhere: what may be the beginning of a secret, or of a
    character, waits for what follows."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor, self._waiting = redactor, ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def text(self, data: bytes, is_end: bool = False) -> str:
        """What can be shown now, secrets masked."""
        text = self._waiting + self._decoder.decode(data, is_end)
        end = len(text) if is_end else self._redactor.certain(text)
        self._waiting = text[end:]
        return self._redactor.text(text[:end])
